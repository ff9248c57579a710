import type { WorkflowFailedError } from '@temporalio/client';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { readAssignments } from '../../src/cli/read-request.js';
import { retryRun } from '../../src/cli/retry-run.js';
import { judgeFailure } from '../../src/domain/parking.js';
import { leaseWorkflowId, RETRY_UPDATE, STOP_UPDATE } from '../../src/domain/names.js';
import { samplePlan } from './samples.js';
import { endedBy, failWith, followedWell, inTraining, isTraining, trainingLeft, untilGone } from './answers.js';
import { Scenario, type Answers } from './scenario.js';

let scenario: Scenario;
afterEach(() => scenario.close());

const oneRow = samplePlan({ training: { microBatchRows: 1 } });
let failing = true;
/** Training that lacks memory at one row already, until the test says otherwise. */
const outOfMemory = (plan = oneRow): Answers => {
  failing = true;
  return {
    control: { claimRun: trainingLeft(plan) },
    node: { followRanks: async ({ jobId }) => (isTraining(jobId) && failing ? endedBy('OutOfMemory') : followedWell()) },
  };
};

const refusal = async (handle: WorkflowHandle, retry: unknown): Promise<string> => {
  const error: unknown = await handle.executeUpdate(RETRY_UPDATE, { args: [retry] }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  const failure = (error as WorkflowUpdateFailedError).cause as ApplicationFailure;
  expect(failure.type).toBe('InvalidRequest');
  return failure.message;
};

const parked = (handle: WorkflowHandle): ReturnType<Scenario['status']> =>
  scenario.status(handle, (status) => status.parked !== null);

describe('a run that nothing but a person can help', () => {
  it('parks, says what would help, and goes on with the values that it is given, on the nodes that it has', async () => {
    scenario = await Scenario.open(outOfMemory());
    const handle = await scenario.start();
    const status = await parked(handle);
    expect(status).toMatchObject({
      stage: 'train',
      waitingFor: 'a person: retryNow goes on',
      lastFailure: { kind: 'OutOfMemory' },
    });
    expect(status.parked?.help).toContain('activationCheckpointing');
    expect(status.parked?.takes).toContain('training.microBatchRows');
    expect(Date.parse(status.parked?.until as string)).toBeGreaterThan(Date.parse(status.parked?.nodesReleasedAt as string));
    failing = false;
    const set = readAssignments(['training.activationCheckpointing=true']);
    expect(await retryRun(scenario.client, scenario.store, scenario.runKey, set)).toBe(
      'goes on with other training.activationCheckpointing, from the newest checkpoint',
    );
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(await scenario.incidents()).toMatchObject([
      { event: 'failed', kind: 'OutOfMemory', answer: 'fail' },
      { event: 'retried', kind: 'OutOfMemory', change: { training: { activationCheckpointing: true } } },
    ]);
    expect(scenario.count('launchNodes')).toBe(1);
    expect((await handle.query<{ parked: unknown }>('status')).parked).toBeNull();
  });

  it('refuses by name what it does not take and what cannot be, and stays parked', async () => {
    scenario = await Scenario.open(outOfMemory());
    const handle = await scenario.start();
    await parked(handle);
    expect(await refusal(handle, { set: { cluster: { nodes: 4 } } })).toContain('retryNow does not take cluster.nodes');
    expect(await refusal(handle, { training: { microBatchRows: 1 } })).toContain('expected nothing, or {"set": {...}}');
    expect(await refusal(handle, 7)).toContain('expected nothing, or {"set": {...}}');
    expect(await refusal(handle, { set: { training: { microBatchRows: 7 } } })).toContain(
      'training.microBatchRows: expected a divisor',
    );
    expect((await parked(handle)).stage).toBe('train');
    expect(await scenario.incidents()).toHaveLength(1);
    failing = false;
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('gives its nodes back after a while, and takes others when it goes on', async () => {
    scenario = await Scenario.open(outOfMemory({ ...oneRow, parkedNodesMinutes: 0.5 / 60 }));
    const handle = await scenario.start();
    await scenario.called('terminateNodes');
    await scenario.status(handle, ({ parked: place, children }) => place !== null && children.length === 0);
    failing = false;
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    const leases = scenario.calls
      .filter(({ name }) => name === 'launchNodes')
      .map(({ input }) => (input as { leaseId: string }).leaseId.slice(-3));
    expect(leases).toEqual(['1-1', '1-2']);
  });

  it('gives its machines back at once when somebody terminates their lease, and takes others when it goes on', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(oneRow) },
      node: { followRanks: (input) => scenario.trainUntilStopped(input) },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    const lease = leaseWorkflowId(scenario.runKey, 1, 1);
    await scenario.client.workflow.getHandle(lease).terminate('a test');
    const { lastFailure, parked: place } = await parked(handle);
    expect(lastFailure).toMatchObject({ kind: 'Interrupted', message: `somebody has terminated ${lease}` });
    expect(place?.nodesReleasedAt).toBe(place?.since);
    expect(scenario.calls.find(({ name }) => name === 'terminateNodes')?.input).toEqual({ leaseId: lease, nodeIds: null });
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.count('launchNodes')).toBe(2);
  });

  it('takes other machines also when somebody has terminated their lease while it was parked', async () => {
    scenario = await Scenario.open(outOfMemory());
    const handle = await scenario.start();
    await parked(handle);
    await scenario.client.workflow.getHandle(leaseWorkflowId(scenario.runKey, 1, 1)).terminate('a test');
    const isTold = async (): Promise<boolean> =>
      ((await handle.fetchHistory()).events ?? []).some((event) => event.childWorkflowExecutionTerminatedEventAttributes != null);
    while (!(await isTold())) await new Promise((resolve) => setTimeout(resolve, 50));
    failing = false;
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.count('launchNodes')).toBe(2);
  });

  it('fails of what it was parked for when its deadline passes', async () => {
    scenario = await Scenario.open(outOfMemory({ ...oneRow, deadlineMinutes: 6 / 60 }));
    const handle = await scenario.start();
    await parked(handle);
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    const failure = (error as WorkflowFailedError).cause as ApplicationFailure;
    expect(failure.type).toBe('OutOfMemory');
    expect(failure.message).toMatch(/Parked until the deadline of .* minutes, and nobody sent retryNow/);
    expect(scenario.names().indexOf('terminateNodes')).toBeLessThan(scenario.names().indexOf('endRun'));
  });

  it('ends interrupted when it is asked to stop', async () => {
    scenario = await Scenario.open(outOfMemory());
    const handle = await scenario.start();
    await parked(handle);
    await handle.executeUpdate(STOP_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
    expect(scenario.count('terminateNodes')).toBe(1);
  });

  it('is not let go on while it runs', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(oneRow) },
      node: { followRanks: async ({ jobId }) => (isTraining(jobId) ? new Promise(() => undefined) : followedWell()) },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks');
    expect(await refusal(handle, undefined)).toMatch(/the run is not parked, it is in stage train/);
    await handle.terminate();
  });
});

describe('a run that is parked for what may pass', () => {
  const soon = (attempts: number): ReturnType<typeof samplePlan> => ({
    ...oneRow,
    recovery: { attempts, waitMinutes: 1, afterTerminate: false },
  });
  /** A store that is away, so often, when training has ended. */
  const awayAtTheEnd = (times: number, plan: ReturnType<typeof samplePlan>): Answers => ({
    control: {
      claimRun: trainingLeft(plan),
      closeRound: async () => {
        if (scenario.count('closeRound') <= times) return failWith('StoreUnavailable', 'the store is away');
        return { steps: 20, snapshots: [{ epoch: 1, step: 20, key: 'epoch', weightsSha256: 'w' }] };
      },
      // The rule itself, with a minute as 0.3 s.
      judgeFailure: async (failure) => {
        const verdict = judgeFailure(failure);
        if (!verdict.parks || verdict.againAfterMinutes === null) return verdict;
        return { ...verdict, againAfterMinutes: verdict.againAfterMinutes / 200 };
      },
    },
  });

  it('goes on by itself, as often as its request says, and is told as that', async () => {
    scenario = await Scenario.open(awayAtTheEnd(2, soon(2)));
    const handle = await scenario.start();
    const status = await parked(handle);
    expect(status.waitingFor).toBe('a cause that may pass: it goes on by itself');
    expect(Date.parse(status.parked?.againAt as string)).toBeGreaterThanOrEqual(Date.parse(status.parked?.since as string));
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect((await scenario.incidents()).filter(({ event }) => event === 'retried')).toMatchObject([
      { kind: 'StoreUnavailable', by: 'itself', change: null },
      { kind: 'StoreUnavailable', by: 'itself', change: null },
    ]);
    expect(scenario.count('launchNodes')).toBe(1);
  });

  it('waits for a person when it has done so as often as allowed; that one renews the count', async () => {
    scenario = await Scenario.open(awayAtTheEnd(3, soon(1)));
    const handle = await scenario.start();
    await scenario.status(handle, ({ parked: place }) => place !== null && place.againAt === null);
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    const retried = (await scenario.incidents()).flatMap((incident) => (incident.event === 'retried' ? [incident.by] : []));
    expect(retried).toEqual(['itself', 'person', 'itself']);
  });

  it('gives its nodes back before, where it keeps them for less than the pause, and takes others', async () => {
    scenario = await Scenario.open(awayAtTheEnd(1, { ...soon(1), parkedNodesMinutes: 0.001 }));
    const handle = await scenario.start();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.count('launchNodes')).toBe(2);
  });

  it('is parked again when it cannot write down that it goes on', async () => {
    const answers = awayAtTheEnd(1, soon(2));
    let refused = 0;
    scenario = await Scenario.open({
      ...answers,
      control: {
        ...answers.control,
        planRetry: async () => {
          refused += 1;
          if (refused === 1) return failWith('StoreUnavailable', 'the store is away');
        },
      },
    });
    const handle = await scenario.start();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(refused).toBe(2);
  });
});

describe('machines that do not come', () => {
  it('park a run that has none yet, with the words of the lease', async () => {
    let capacity = false;
    scenario = await Scenario.open({
      control: {
        claimRun: trainingLeft(oneRow),
        launchNodes: async (request) => {
          if (!capacity) return failWith('CapacityUnavailable', 'no machine of that kind is left');
          return scenario.launch(request);
        },
      },
    });
    const handle = await scenario.start();
    expect((await parked(handle)).lastFailure).toMatchObject({
      kind: 'CapacityUnavailable',
      message: 'no machine of that kind is left',
    });
    capacity = true;
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('park a run that has lost one, instead of waiting for ever; it goes on with others', async () => {
    const gone = new Set<string>();
    let capacity = true;
    scenario = await Scenario.open({
      control: {
        claimRun: trainingLeft(oneRow),
        launchNodes: async (request) => {
          if (!capacity) return failWith('CapacityUnavailable', 'no second machine is left');
          return scenario.launch(request);
        },
        watchNodes: ({ nodeIds }) => untilGone(nodeIds, gone),
      },
      node: {
        followRanks: async ({ jobId }) => {
          if (!isTraining(jobId) || scenario.count('stopRanks') > 0) return followedWell();
          capacity = false;
          gone.add('node-1-g1');
          await scenario.called('stopRanks');
          return endedBy('RankKilled');
        },
      },
    });
    const handle = await scenario.start();
    expect((await parked(handle)).lastFailure).toMatchObject({ kind: 'CapacityUnavailable', message: 'no second machine is left' });
    capacity = true;
    gone.clear();
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
});
