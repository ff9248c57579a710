import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { claimRun } from '../../activities/run/claim-run.js';
import { newestOwner } from '../../activities/run/newest-owner.js';
import { recoverRuns, type RecoveryResult } from '../../activities/run/recover-runs.js';
import { FineTuningRequest } from '../../src/contract/request.js';
import { CONTROL_QUEUE, RECOVERY_ID, runWorkflowId, SWEEP_ID } from '../../src/domain/names.js';
import { ensureStandingSchedules } from '../../src/platform/temporal/standing-schedules.js';
import { TemporalRunDirectory } from '../../src/platform/temporal/run-directory.js';
import { TemporalRunSchedules } from '../../src/platform/temporal/run-schedules.js';
import { samplePlan } from './samples.js';
import { failWith } from './answers.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
afterEach(() => scenario.close());

/** The plan of a run whose recovery is due at once. */
const eager = { ...samplePlan(), deadlineMinutes: 240, recovery: { attempts: 1, waitMinutes: 0, afterTerminate: true } };

/** A run that really claims its key, and a real look at what has failed. `prepare` says what becomes of its n-th execution. */
async function open(prepare: (execution: number) => Promise<void>): Promise<void> {
  let execution = 0;
  scenario = await Scenario.open({
    control: {
      planRun: async () => ({ runKey: scenario.runKey, plan: eager }),
      claimRun: async ({ runId, recovery }) => {
        // The scenario asks for the plan without one.
        if (runId === '') return { fence: 1, plan: eager, finished: {} };
        const { runKey, store, client } = scenario;
        const workflowId = runWorkflowId(runKey);
        return claimRun({ store, runs: new TemporalRunDirectory(client) })({ runKey, plan: eager, workflowId, runId, recovery });
      },
      prepareDataset: async () => {
        await prepare((execution += 1));
        return { datasetId: 'd'.repeat(64), note: 'rows' };
      },
      recoverRuns: () => {
        const { store, client } = scenario;
        return recoverRuns({ store, runs: new TemporalRunDirectory(client), schedules: new TemporalRunSchedules(client) })();
      },
    },
  });
}

const look = (): Promise<RecoveryResult> =>
  scenario.client.workflow.execute('runRecovery', { workflowId: `recovery-${randomUUID()}`, taskQueue: CONTROL_QUEUE });

/** The server's list may be a moment behind. */
async function lookUntil(isMeant: (result: RecoveryResult) => boolean): Promise<RecoveryResult> {
  for (;;) {
    const result = await look();
    if (isMeant(result)) return result;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const ofRun = <T extends { runKey: string }>(all: readonly T[]): T[] => all.filter(({ runKey }) => runKey === scenario.runKey);
const newest = (): WorkflowHandle => scenario.client.workflow.getHandle(runWorkflowId(scenario.runKey));

describe('a run whose execution has ended without being done', () => {
  it('of what a person has to mend is left, with the reason', async () => {
    await open(async () => failWith('EnvironmentNotReady', 'from the test'));
    const handle = await scenario.start();
    await expect(handle.result()).rejects.toThrow();
    const left = await lookUntil(({ left: all }) => ofRun(all).length > 0);
    expect(ofRun(left.left)).toMatchObject([{ why: expect.stringContaining('EnvironmentNotReady is for a person') as string }]);
    expect(await newest().describe()).toMatchObject({ status: { name: 'FAILED' } });
  });

  it('by Terminate is started again where its request says so, as often as it may', async () => {
    let ended = 0;
    await open(async (execution) => {
      if (execution > 2) return;
      await newest().terminate('from the test');
      ended += 1;
    });
    await scenario.start({});
    const { started } = await lookUntil((result) => ofRun(result.started).length > 0);
    expect(ofRun(started)).toEqual([{ runKey: scenario.runKey, number: 1 }]);
    await expect(newest().result()).rejects.toThrow();
    const { left } = await lookUntil((result) => ofRun(result.left).length > 0);
    expect(ofRun(left)).toMatchObject([{ why: expect.stringContaining('started again 1 times') as string }]);
    expect(ended).toBe(2);
    // Who says that it was a recovery: the execution itself, not the order of records.
    expect(await newestOwner(scenario.store, scenario.runKey)).toMatchObject({ fence: 2, recovery: 1 });
  });
});

describe('what a server says of the end of a workflow', () => {
  it('is how, when and of what; nothing while it is open, and then it is left alone', async () => {
    await open(async () => undefined);
    const { client } = scenario;
    const runs = new TemporalRunDirectory(client);
    expect(await runs.serverId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await runs.endOf('run/nobody')).toBeNull();
    const start = (kind: string, options: object = {}): Promise<WorkflowHandle> =>
      client.workflow.start('noSuchType', { workflowId: `end-${kind}-${randomUUID()}`, taskQueue: CONTROL_QUEUE, ...options });
    const failed = await start('failed');
    await failed.result().catch(() => undefined);
    expect(await runs.endOf(failed.workflowId)).toMatchObject({ how: 'failed', failure: 'InvalidRequest' });
    const idle = { taskQueue: 'nobody-polls-this' };
    const timedOut = await start('timed-out', { ...idle, workflowExecutionTimeout: '1 second' });
    await timedOut.result().catch(() => undefined);
    expect(await runs.endOf(timedOut.workflowId)).toMatchObject({ how: 'timed out', failure: null });
    const waiting = await start('terminated', idle);
    expect(await runs.endOf(waiting.workflowId)).toBeNull();
    const opened = (await waiting.describe()).runId;
    await runs.start(waiting.workflowId, FineTuningRequest.parse({}), 1);
    expect((await waiting.describe()).runId).toBe(opened);
    await waiting.terminate();
    expect(await runs.endOf(waiting.workflowId)).toMatchObject({ how: 'terminated', failure: null });
  });
});

it('the schedule of recoveries stays paused where a person has paused it, and looks when it is triggered', async () => {
  await open(async () => undefined);
  const { client } = scenario;
  const handle = client.schedule.getHandle(RECOVERY_ID);
  await ensureStandingSchedules(client);
  try {
    await handle.pause('by hand');
    await ensureStandingSchedules(client);
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'by hand' });
    await handle.trigger();
    await scenario.called('recoverRuns');
  } finally {
    for (const id of [RECOVERY_ID, SWEEP_ID]) await client.schedule.getHandle(id).delete();
  }
});
