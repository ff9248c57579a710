import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../src/contract/run.js';
import { CONTROL_QUEUE, leaseWorkflowId, runWorkflowId } from '../../src/domain/names.js';
import type { ClusterLeaseInput } from '../../workflows/cluster-lease.js';
import type { ReplaceNode } from '../../workflows/messages.js';
import { failWith, followedWell, inTraining, isTraining, untilCancelled, untilGone } from './answers.js';
import { Scenario } from './scenario.js';
import { openWorkflowServer } from './workflow-server.js';

let scenario: Scenario;
afterEach(async () => {
  await scenario.close();
});

/** A lease without its run: whoever it tells something is closed. */
function startLease(fields: Partial<ClusterLeaseInput> = {}): Promise<WorkflowHandle> {
  const { runKey } = scenario;
  const spec = { provider: 'local' as const, nodes: 2, ranksPerNode: 1, device: 'cpu' as const, pricePerNodeHourUsd: 0 };
  const input = { runKey, fence: 1, runWorkflowId: runWorkflowId(runKey), spec, leaseMinutes: 60, carried: null, ...fields };
  return scenario.client.workflow.start('clusterLease', {
    workflowId: leaseWorkflowId(runKey, 1, 1),
    taskQueue: CONTROL_QUEUE,
    args: [input satisfies ClusterLeaseInput],
  });
}

const replace = (generation: number): ReplaceNode => ({ node: 1, generation, evidence: 'from the test', sender: 'run/nobody' });
const inputs = (name: string): unknown[] => scenario.calls.filter((call) => call.name === name).map(({ input }) => input);
const launches = (): unknown[] => inputs('launchNodes').map((input) => (input as { nodes: unknown }).nodes);
const renewals = (node: number): number =>
  scenario.calls.filter(({ name, queue }) => name === 'renewNode' && queue.includes(`-${node}-g`)).length;
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a lease', () => {
  /** Three seconds, so that it is renewed every second. */
  const leaseMinutes = 3 / 60;

  it('renews the machines that have answered while it waits for one that has not', async () => {
    let isUp = false;
    scenario = await Scenario.open({
      node: {
        describeNode: async () => {
          if (scenario.count('describeNode') > 1) await until(() => isUp);
          return Scenario.facts();
        },
      },
    });
    const lease = await startLease({ leaseMinutes });
    await until(() => renewals(0) + renewals(1) >= 3);
    isUp = true;
    await until(() => renewals(0) > 0 && renewals(1) > 0);
    await lease.signal('releaseLease');
    await lease.result();
  });

  it('renews the others while it replaces one, to a deadline that moves', async () => {
    scenario = await Scenario.open({
      control: {
        launchNodes: async (request) => {
          const before = renewals(0);
          if (scenario.count('launchNodes') > 1) await until(() => renewals(0) >= before + 3);
          return scenario.launch(request);
        },
      },
    });
    const lease = await startLease({ leaseMinutes });
    await scenario.called('renewNode');
    await lease.signal('replaceNode', replace(1));
    await until(() => scenario.calls.some(({ name, queue }) => name === 'renewNode' && queue.endsWith('1-g2')));
    expect(launches()).toEqual([
      [
        { node: 0, generation: 1 },
        { node: 1, generation: 1 },
      ],
      [{ node: 1, generation: 2 }],
    ]);
    const deadlines = inputs('renewNode').map((input) => (input as { deadline: string }).deadline);
    expect(new Set(deadlines).size).toBeGreaterThan(3);
    await lease.signal('releaseLease');
    await lease.result();
    expect(inputs('terminateNodes')).toEqual([
      { leaseId: lease.workflowId, nodeIds: ['node-1-g1'] },
      { leaseId: lease.workflowId, nodeIds: null },
    ]);
  });

  it('gives its machines back when its run is closed, also while it launches', async () => {
    scenario = await Scenario.open({
      control: { isLeaseNeeded: async () => false },
      node: { describeNode: async () => untilCancelled() },
    });
    await (await startLease({ leaseMinutes })).result();
    expect(inputs('terminateNodes')).toMatchObject([{ nodeIds: null }]);
  });

  it('goes on renewing while nobody can say whether its run is open', async () => {
    scenario = await Scenario.open({ control: { isLeaseNeeded: async () => failWith('AccessDenied') } });
    const lease = await startLease({ leaseMinutes });
    await until(() => scenario.count('isLeaseNeeded') >= 3);
    expect(scenario.names()).not.toContain('terminateNodes');
    await lease.signal('releaseLease');
    await lease.result();
  });

  it('launches again when there is no machine for the moment, and its run says so', async () => {
    let refusals = 0;
    scenario = await Scenario.open({
      control: {
        launchNodes: async (request) => {
          refusals += 1;
          if (refusals < 3) return failWith('CapacityUnavailable', 'all machines are taken');
          return scenario.launch(request);
        },
      },
    });
    const run = await scenario.start();
    expect(await run.result()).toMatchObject({ outcome: 'completed' });
    expect(launches()).toHaveLength(3);
    expect((await run.query<RunStatus>('status')).lastFailure).toMatchObject({
      kind: 'CapacityUnavailable',
      message: 'all machines are taken',
    });
  });

  it('gives up at the fifth refusal, with its words, and ends whatever was launched', async () => {
    scenario = await Scenario.open({ control: { launchNodes: async () => failWith('CapacityUnavailable', 'all taken') } });
    const lease = await startLease();
    const error: unknown = await lease.result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'CapacityUnavailable', message: 'all taken' });
    expect(launches()).toHaveLength(5);
    expect(inputs('terminateNodes')).toMatchObject([{ nodeIds: null }]);
  });

  it('launches the next generation of a machine that is gone before it answers, and of no other', async () => {
    const gone = new Set(['node-1-g1']);
    scenario = await Scenario.open({
      control: { watchNodes: ({ nodeIds }) => untilGone(nodeIds, gone) },
      node: { describeNode: async () => (scenario.count('launchNodes') === 1 ? untilCancelled() : Scenario.facts()) },
    });
    const lease = await startLease();
    await until(() => scenario.calls.filter(({ name, queue }) => name === 'describeNode' && queue.endsWith('1-g2')).length > 0);
    expect(launches()[1]).toEqual([
      { node: 0, generation: 1 },
      { node: 1, generation: 2 },
    ]);
    expect(inputs('terminateNodes')).toMatchObject([{ nodeIds: ['node-1-g1'] }]);
    await lease.signal('releaseLease');
    await lease.result();
  });

  it('cancelled while it launches ends every machine before it closes', async () => {
    scenario = await Scenario.open({ node: { describeNode: async () => untilCancelled() } });
    const lease = await startLease();
    await scenario.called('describeNode');
    await lease.cancel();
    const error: unknown = await lease.result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(inputs('terminateNodes')).toMatchObject([{ nodeIds: null }]);
  });
});

describe('a lease whose history has become long', { timeout: 120_000 }, () => {
  /** A fresh lease with two nodes has about 35 events when it first rests, and one that is carried over 25. */
  const LIMIT = 60;
  const runIdOf = async (lease: WorkflowHandle): Promise<string> => (await lease.describe()).runId;

  async function onPatientServer(play: (place: Awaited<ReturnType<typeof openWorkflowServer>>) => Promise<void>): Promise<void> {
    const server = await openWorkflowServer({ 'limit.historyCount.suggestContinueAsNew': LIMIT });
    try {
      await play(server);
    } finally {
      await server.close();
    }
  }

  /** Requests for a machine that is replaced already change nothing, and make history. */
  async function untilContinued(): Promise<WorkflowHandle> {
    const lease = scenario.client.workflow.getHandle(leaseWorkflowId(scenario.runKey, 1, 1));
    const before = await runIdOf(lease);
    await until(async () => {
      await lease.signal('replaceNode', replace(0));
      await new Promise((resolve) => setTimeout(resolve, 100));
      return (await runIdOf(lease)) !== before;
    });
    return lease;
  }

  it('goes on in a new one with its machines, and loses no request', async () => {
    await onPatientServer(async (place) => {
      scenario = await Scenario.open({}, place);
      const first = await startLease();
      await until(() => scenario.count('describeNode') === 2);
      const before = await runIdOf(first);
      const lease = scenario.client.workflow.getHandle(first.workflowId);
      // Requests for a machine that is replaced already make history and change nothing; the one that counts is among them.
      for (let sent = 0; sent < 60; sent += 1) await lease.signal('replaceNode', replace(sent === 40 ? 1 : 0));
      await until(async () => (await runIdOf(lease)) !== before);
      await until(() => scenario.count('describeNode') === 3);
      expect(launches()).toHaveLength(2);
      expect(inputs('terminateNodes')).toEqual([{ leaseId: lease.workflowId, nodeIds: ['node-1-g1'] }]);
      await lease.signal('releaseLease');
      await lease.result();
      expect(inputs('terminateNodes').at(-1)).toEqual({ leaseId: lease.workflowId, nodeIds: null });
    });
  });

  it('still replaces a machine for its run, tells it, and is waited for at the end', async () => {
    await onPatientServer(async (place) => {
      const gone = new Set<string>();
      scenario = await Scenario.open(
        {
          control: { watchNodes: ({ nodeIds }) => untilGone(nodeIds, gone) },
          node: {
            followRanks: async ({ jobId }) => {
              if (!isTraining(jobId) || scenario.count('stopRanks') > 0) return followedWell();
              await scenario.called('stopRanks');
              return followedWell();
            },
          },
        },
        place,
      );
      const run = await scenario.start();
      await scenario.called('followRanks', inTraining);
      const lease = await untilContinued();
      gone.add('node-1-g1');
      expect(await run.result()).toMatchObject({ outcome: 'completed' });
      expect(launches().slice(1)).toEqual([[{ node: 1, generation: 2 }]]);
      expect(inputs('terminateNodes').at(-1)).toEqual({ leaseId: lease.workflowId, nodeIds: null });
      expect((await lease.describe()).status.name).toBe('COMPLETED');
    });
  });

  it('still ends its machines when its run is terminated', async () => {
    await onPatientServer(async (place) => {
      const node = { followRanks: async ({ jobId }: { jobId: string }) => (isTraining(jobId) ? untilCancelled() : followedWell()) };
      scenario = await Scenario.open({ node }, place);
      const run = await scenario.start();
      await scenario.called('followRanks', inTraining);
      const lease = await untilContinued();
      await run.terminate();
      await until(async () => (await lease.describe()).status.name === 'CANCELLED');
      expect(inputs('terminateNodes')).toEqual([{ leaseId: lease.workflowId, nodeIds: null }]);
    });
  });
});
