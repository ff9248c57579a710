import { afterEach, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import type { PendingActivity } from '../../src/contract/run-situation.js';
import { CONTROL_QUEUE, leaseWorkflowId, nodeQueue, roundWorkflowId } from '../../src/domain/names.js';
import { noProgress } from '../../src/domain/progress.js';
import { lastPoll } from '../../src/platform/temporal/last-poll.js';
import { liveProgress } from '../../src/platform/temporal/live-progress.js';
import { pendingActivities } from '../../src/platform/temporal/pending-activities.js';
import { followedWell, inTraining, isTraining } from './answers.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
afterEach(async () => {
  await scenario.close();
});

/** The activity as the server tells it, as soon as it does so in the way that is meant. */
async function seen(workflowId: string, isMeant: (activity: PendingActivity) => boolean): Promise<PendingActivity> {
  for (;;) {
    const found = (await pendingActivities(scenario.client, [workflowId])).find(isMeant);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it('a follower is seen with its queue, its beat and its progress, and its node by its polls', async () => {
  const progress = { ...noProgress, phase: 'loop', done: 7, total: 20, loss: 0.5 };
  scenario = await Scenario.open({
    node: {
      followRanks: async ({ jobId }) => {
        if (!isTraining(jobId)) return followedWell();
        const { Context } = await import('@temporalio/activity');
        for (;;) {
          Context.current().heartbeat({ cursor: { offsets: {} }, progress });
          await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), Context.current().cancelled]);
        }
      },
    },
  });
  const begun = Date.now();
  const handle = await scenario.start();
  await scenario.called('followRanks', inTraining);
  const round = roundWorkflowId(scenario.runKey, 1, '0');
  const queue = nodeQueue(leaseWorkflowId(scenario.runKey, 1, 1), 0, 1);
  const found = await seen(round, ({ taskQueue, lastBeatAt }) => taskQueue === queue && lastBeatAt !== null);
  expect(found).toMatchObject({
    type: 'followRanks',
    state: 'started',
    attempt: 1,
    lastFailure: null,
    nextAttemptAt: null,
    progress,
  });
  expect(Date.parse(found.lastBeatAt as string)).toBeGreaterThan(begun - 1000);
  expect(liveProgress([found])).toEqual(progress);
  for (const [name, kind] of [
    [queue, 'activity'],
    [CONTROL_QUEUE, 'workflow'],
  ] as const)
    expect(Date.parse((await lastPoll(scenario.client, name, kind)) as string)).toBeGreaterThan(begun - 300_000);
  await handle.terminate();
});

it('an activity that is tried again is seen with its last failure and the time of its next attempt', async () => {
  scenario = await Scenario.open({
    control: {
      prepareDataset: () => {
        throw ApplicationFailure.create({ type: 'StoreUnavailable', message: 'the store does not answer' });
      },
    },
  });
  const handle = await scenario.start();
  const found = await seen(handle.workflowId, ({ attempt, nextAttemptAt }) => attempt === 3 && nextAttemptAt !== null);
  expect(found).toMatchObject({
    ...{ type: 'prepareDataset', state: 'scheduled', taskQueue: CONTROL_QUEUE },
    lastFailure: { kind: 'StoreUnavailable', message: 'the store does not answer' },
  });
  await handle.terminate();
});

it('a queue that nobody polls has no last poll, and a workflow that is not there waits for nothing', async () => {
  scenario = await Scenario.open();
  expect(await lastPoll(scenario.client, 'formwork-node-of-nobody', 'activity')).toBeNull();
  expect(await pendingActivities(scenario.client, ['run/of-nobody'])).toEqual([]);
});
