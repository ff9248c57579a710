import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunResult, RunStatus } from '../../src/contract/run.js';
import type { FollowResult } from '../../src/contract/job.js';
import { STOP_UPDATE, CONTROL_QUEUE } from '../../src/domain/names.js';
import { endedBy, failWith, followedWell, inTraining, isTraining, untilCancelled, untilGone } from './answers.js';
import { Scenario } from './scenario.js';
import { samplePlan } from './samples.js';

let scenario: Scenario;
afterEach(async () => {
  await scenario.close();
});

const failureOf = async (handle: WorkflowHandle): Promise<ApplicationFailure> => {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
};

describe('a fine-tuning run', () => {
  it('goes through its stages in order, and machines are gone before it says so', async () => {
    scenario = await Scenario.open();
    const handle = await scenario.start();
    const result = (await handle.result()) as RunResult;
    expect(result).toMatchObject({ outcome: 'completed', chosenEpoch: 1, reportKey: 'report' });
    const status = await handle.query<RunStatus>('status');
    expect(status.stages.map(({ stage }) => stage)).toEqual([
      'plan',
      'prepare',
      'lease',
      'baseline',
      'smoke',
      'train',
      'evaluate',
      'augment',
      'test',
      'publish',
      'release',
      'report',
    ]);
    expect(scenario.names().indexOf('terminateNodes')).toBeLessThan(scenario.names().indexOf('buildReport'));
    expect(scenario.count('endRun')).toBe(1);
  });

  it('reads the test split once, after the epoch is chosen', async () => {
    scenario = await Scenario.open();
    await (await scenario.start()).result();
    const opened = scenario.calls.filter(({ name }) => name === 'openEvaluation');
    const splits = opened.map(({ input }) => (input as { split: string }).split);
    expect(splits).toEqual(['validation', 'validation', 'test']);
    const chosenAt = scenario.names().indexOf('chooseEpoch');
    expect(scenario.calls.findIndex(({ input }) => (input as { split?: string } | undefined)?.split === 'test')).toBeGreaterThan(
      chosenAt,
    );
  });

  it('fails at once and unretried on a request that the planner refuses, with its message', async () => {
    scenario = await Scenario.open({ control: { planRun: () => failWith('InvalidRequest', 'training.epoch: unknown field') } });
    const failure = await failureOf(await scenario.start({ training: { epoch: 1 } }));
    expect(failure).toMatchObject({ type: 'InvalidRequest', message: 'training.epoch: unknown field' });
    expect(scenario.names()).toEqual(['planRun']);
  });

  it('ends after its plan when it is a dry run, without a claim', async () => {
    scenario = await Scenario.open();
    const plan = samplePlan({ dryRun: true });
    await scenario.close();
    scenario = await Scenario.open({ control: { planRun: async () => ({ runKey: 'k', plan }) } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'planned' });
    expect(scenario.names()).toEqual(['planRun']);
  });

  it('has no act of the control worker that its death would hold up for minutes', async () => {
    scenario = await Scenario.open();
    const handle = await scenario.start();
    await handle.result();
    const scheduled = await scheduledOn(CONTROL_QUEUE, scenario.client, handle.workflowId);
    expect(scheduled.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['recordStep', 'launchNodes', 'closeRound', 'endRun']),
    );
    const secondsUntilNoticed = scheduled.map(({ type, startToClose, heartbeat }) => [type, heartbeat || startToClose] as const);
    expect(secondsUntilNoticed.filter(([, seconds]) => seconds > 30)).toEqual([]);
  });

  it('does not do again what an earlier execution has finished', async () => {
    const plan = samplePlan();
    const finished = {
      prepare: { datasetId: 'd', note: 'rows' },
      baseline: { modelId: 'm', maxNewTokens: 9, note: 'base' },
      smoke: { note: 'smoke' },
      train: { snapshots: [{ epoch: 1, step: 20, key: 'epoch', weightsSha256: 'w' }], note: 'trained' },
    };
    scenario = await Scenario.open({ control: { claimRun: async () => ({ fence: 2, plan, finished }) } });
    await (await scenario.start()).result();
    expect(scenario.names()).not.toContain('prepareDataset');
    expect(scenario.names()).not.toContain('openTrajectory');
    expect(scenario.count('openEvaluation')).toBe(2);
  });

  it('leases nothing when only the report is left', async () => {
    const plan = samplePlan();
    const note = 'found';
    const chosen = { epoch: 1, step: 20, key: 'epoch', weightsSha256: 'w' };
    const comparison = { before: { value: 0 }, after: { value: 1 } };
    const finished = {
      prepare: { datasetId: 'd', note },
      baseline: { modelId: 'm', maxNewTokens: 9, note },
      smoke: { note },
      train: { snapshots: [chosen], note },
      evaluate: { ...chosen, note },
      test: { comparison, note },
      publish: { note },
    };
    scenario = await Scenario.open({ control: { claimRun: async () => ({ fence: 2, plan, finished }) } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.names()).not.toContain('launchNodes');
  });

  it('trains on from the newest checkpoint when a rank is killed, as a new gang with a higher fence', async () => {
    let killed = false;
    const followRanks = async ({ jobId }: { jobId: string }): Promise<FollowResult> => {
      if (isTraining(jobId) && !killed) {
        killed = true;
        return endedBy('RankKilled');
      }
      return followedWell();
    };
    scenario = await Scenario.open({ node: { followRanks } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    const gangs = scenario.calls.filter(
      ({ name, input }) => name === 'openTrajectory' && (input as { round: string }).round === '0',
    );
    expect(gangs.map(({ input }) => (input as { gang: number }).gang)).toHaveLength(2);
    expect((gangs[1]?.input as { gang: number }).gang).toBeGreaterThan((gangs[0]?.input as { gang: number }).gang);
  });

  it('trains on when ranks are interrupted by somebody else', async () => {
    let interrupted = false;
    const followRanks = async ({ jobId }: { jobId: string }): Promise<FollowResult> => {
      if (!isTraining(jobId) || interrupted) return followedWell();
      interrupted = true;
      return endedBy('Interrupted');
    };
    scenario = await Scenario.open({ node: { followRanks } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    expect(interrupted).toBe(true);
  });

  it('goes on with another machine when one is lost outside of training', async () => {
    const gone = new Set<string>();
    scenario = await Scenario.open({
      control: { watchNodes: ({ nodeIds }) => untilGone(nodeIds, gone) },
      node: {
        followRanks: async ({ jobId }) => {
          // Whoever follows a rank of a machine that is gone hears nothing any more; the other one is quick.
          if (jobId !== 'evaluation-test-s1') return followedWell();
          gone.add('node-1-g1');
          return untilCancelled();
        },
      },
    });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    const jobs = scenario.calls.filter(({ name }) => name === 'startRanks').map(({ input }) => (input as { jobId: string }).jobId);
    expect(jobs.filter((jobId) => jobId.startsWith('evaluation-test') && jobId.endsWith('-a2'))).toEqual(['evaluation-test-s1-a2']);
    expect(scenario.count('launchNodes')).toBe(2);
  });

  it('can be stopped while it is still being planned, before it has claimed anything', async () => {
    let isPlanned = (): void => undefined;
    const planning = new Promise<void>((resolve) => (isPlanned = resolve));
    scenario = await Scenario.open({
      control: {
        planRun: async () => {
          await planning;
          return { runKey: scenario.runKey, plan: samplePlan() };
        },
      },
    });
    const handle = await scenario.start();
    await scenario.called('planRun');
    expect(await handle.executeUpdate(STOP_UPDATE)).toBe('stopping in stage plan');
    isPlanned();
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
    expect(scenario.names()).toEqual(['planRun']);
  });

  it('sets a checkpoint aside that is not whole, but not because of a model that is not', async () => {
    let trouble = 'model';
    scenario = await Scenario.open({
      control: {
        openTrajectory: async ({ round }) => ({
          trajectory: 1,
          jobId: `round-${round}`,
          resume: { trajectory: 0, step: 10 },
          passedOver: [],
          jobs: [0, 1].map(() => ({ ...scenario.job(`round-${round}`) })),
          inputs: [{ kind: 'folder', key: 'model', to: 'model' }],
          checkpoint: { kind: 'folder', key: 'checkpoint', to: 'checkpoint' },
        }),
      },
      node: {
        stageInputs: async (inputs) => {
          if (!inputs.some(({ key }) => key === trouble)) return;
          trouble = trouble === 'model' ? 'checkpoint' : '';
          failWith('CheckpointIncomplete');
        },
      },
    });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    expect(trouble).toBe('');
    expect(scenario.count('setAsideCheckpoint')).toBe(1);
  });

  it('follows on with the cursor of the last beat when a follower is lost, and starts nothing again', async () => {
    const cursors: unknown[] = [];
    const followRanks = async ({ jobId, cursor }: { jobId: string; cursor: unknown }): Promise<FollowResult> => {
      if (!isTraining(jobId)) return followedWell();
      cursors.push(cursor);
      if (cursors.length > 2) return followedWell();
      const { Context } = await import('@temporalio/activity');
      Context.current().heartbeat({ cursor: { offsets: { '0': 42 } } });
      // The follower's worker is gone: nothing more is heard of it.
      return new Promise(() => undefined);
    };
    scenario = await Scenario.open({ node: { followRanks } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    expect(cursors.slice(2)).toContainEqual({ offsets: { '0': 42 } });
    expect(
      scenario.calls.filter(({ name, input }) => name === 'startRanks' && isTraining((input as { jobId: string }).jobId)),
    ).toHaveLength(2);
  }, 90_000);

  it('replaces a node that the provider says is gone, and trains on with the new one', async () => {
    const gone = new Set<string>();
    scenario = await Scenario.open({
      control: { watchNodes: ({ nodeIds }) => untilGone(nodeIds, gone) },
      node: {
        followRanks: async ({ jobId }) => {
          if (!isTraining(jobId) || scenario.count('stopRanks') > 0) return followedWell();
          gone.add('node-1-g1');
          await scenario.called('stopRanks');
          return endedBy('RankKilled');
        },
      },
    });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    const launched = scenario.calls
      .filter(({ name }) => name === 'launchNodes')
      .map(({ input }) => (input as { nodes: unknown }).nodes);
    expect(launched.slice(1)).toEqual([[{ node: 1, generation: 2 }]]);
    const trainedOn = scenario.calls.filter(({ name, input }) => name === 'startRanks' && inTraining(input as { jobId: string }));
    expect(
      trainedOn
        .slice(2)
        .map(({ queue }) => queue.slice(-4))
        .sort(),
    ).toEqual(['0-g1', '1-g2']);
  }, 60_000);

  it('stops ranks, ends its machines and leaves a tombstone when it is cancelled', async () => {
    scenario = await Scenario.open({
      node: { followRanks: (input) => scenario.trainUntilStopped(input) },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.cancel();
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(scenario.count('stopRanks')).toBeGreaterThan(0);
    expect(scenario.count('terminateNodes')).toBe(1);
    expect(scenario.calls.find(({ name }) => name === 'endRun')?.input).toMatchObject({ outcome: 'cancelled' });
  });

  it('ends its machines when it is terminated', async () => {
    scenario = await Scenario.open({
      node: { followRanks: async ({ jobId }) => (isTraining(jobId) ? untilCancelled() : followedWell()) },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.terminate();
    await scenario.called('terminateNodes');
  });

  it('ends interrupted, without a tombstone, when it is asked to stop after a checkpoint', async () => {
    let stopped = false;
    scenario = await Scenario.open({
      node: {
        stopRanks: async ({ mode }) => {
          stopped = mode === 'checkpoint';
        },
        followRanks: async ({ jobId }) => {
          if (!isTraining(jobId)) return followedWell();
          while (!stopped) await new Promise((resolve) => setTimeout(resolve, 50));
          return endedBy('Interrupted');
        },
      },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.executeUpdate(STOP_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
    expect(scenario.names()).not.toContain('endRun');
    expect(scenario.count('terminateNodes')).toBe(1);
  });

  it('stops with a checkpoint and fails when its deadline passes, and names the number to raise', async () => {
    let stopped = false;
    const plan = { ...samplePlan(), deadlineMinutes: 2 / 60 };
    scenario = await Scenario.open({
      control: { claimRun: async () => ({ fence: 1, plan, finished: {} }) },
      node: {
        stopRanks: async ({ mode }) => {
          stopped = mode === 'checkpoint';
        },
        followRanks: async ({ jobId }) => {
          if (!isTraining(jobId)) return followedWell();
          while (!stopped) await new Promise((resolve) => setTimeout(resolve, 50));
          return endedBy('Interrupted');
        },
      },
    });
    const failure = await failureOf(await scenario.start());
    expect(failure.type).toBe('BudgetExceeded');
    expect(failure.message).toMatch(/not done within .* minutes, in stage \w+; .* larger deadlineMinutes/);
    expect(scenario.names().indexOf('terminateNodes')).toBeLessThan(scenario.names().indexOf('endRun'));
  });

  it('fails with kind and remedy at once when what was asked for is wrong, and ends its machines first', async () => {
    scenario = await Scenario.open({
      node: {
        followRanks: async ({ jobId }) => (isTraining(jobId) ? endedBy('InvalidData') : followedWell()),
      },
    });
    const failure = await failureOf(await scenario.start());
    expect(failure.type).toBe('InvalidData');
    expect(failure.message).toContain('correct the named row');
    expect(
      scenario.calls.filter(({ name, input }) => name === 'startRanks' && inTraining(input as { jobId: string })),
    ).toHaveLength(2);
    expect(scenario.names().indexOf('terminateNodes')).toBeLessThan(scenario.names().indexOf('endRun'));
  });
});

it('a workflow type that nobody knows fails at once with the list of those that may be started', async () => {
  scenario = await Scenario.open();
  const handle = await scenario.client.workflow.start('fineTuning', {
    workflowId: `run/${scenario.runKey}`,
    taskQueue: CONTROL_QUEUE,
  });
  const failure = await failureOf(handle);
  expect(failure.message).toContain('fineTuningRun');
});

/** Activities that a workflow and its children had scheduled on a queue, with their timeouts in seconds; 0: there is none. */
async function scheduledOn(
  queue: string,
  client: Client,
  workflowId: string,
): Promise<{ type: string; startToClose: number; heartbeat: number }[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const found = (events ?? []).flatMap(
    async ({ activityTaskScheduledEventAttributes: act, childWorkflowExecutionStartedEventAttributes: child }) => {
      const childId = child?.workflowExecution?.workflowId;
      if (childId != null) return scheduledOn(queue, client, childId);
      if (act?.taskQueue?.name !== queue) return [];
      const [startToClose, heartbeat] = [act.startToCloseTimeout, act.heartbeatTimeout].map((time) =>
        Number(time?.seconds ?? 0),
      ) as [number, number];
      return [{ type: act.activityType?.name ?? '', startToClose, heartbeat }];
    },
  );
  return (await Promise.all(found)).flat();
}
