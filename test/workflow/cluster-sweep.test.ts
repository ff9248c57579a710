import { ScheduleOverlapPolicy, WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { SweepResult } from '../../activities/cluster/sweep-nodes.js';
import { CONTROL_QUEUE, RECOVERY_ID, SWEEP_ID } from '../../src/domain/names.js';
import { ensureStandingSchedules } from '../../src/platform/temporal/standing-schedules.js';
import { forgetLooks } from '../../src/platform/temporal/retention.js';
import { eventually } from '../fixtures/child-process.js';
import { failWith } from './answers.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
afterEach(async () => {
  await scenario.close();
});

const found: SweepResult = { listed: 3, ended: [{ nodeId: 'node-0-g1', reason: 'its lease run/k/lease/1-1 is closed' }] };

const sweep = (): Promise<unknown> =>
  scenario.client.workflow.execute('clusterSweep', { workflowId: `sweep-${scenario.runKey}`, taskQueue: CONTROL_QUEUE });

describe('a sweep', () => {
  it('says which machines it has ended, and why', async () => {
    scenario = await Scenario.open({ control: { sweepNodes: async () => found } });
    expect(await sweep()).toEqual(found);
  });

  it('fails, to be seen, where the provider refuses', async () => {
    scenario = await Scenario.open({ control: { sweepNodes: async () => failWith('AccessDenied', 'not allowed') } });
    const error: unknown = await sweep().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkflowFailedError);
  });
});

describe('a sweep that is long past', () => {
  it('is forgotten by the server where it has done its work, and one that has failed is not', async () => {
    scenario = await Scenario.open({ control: { sweepNodes: async () => found } });
    const { client, runKey } = scenario;
    await sweep();
    const failed = `failed-${runKey}`;
    await client.workflow.start('clusterSweep', { workflowId: failed, taskQueue: 'nobody' });
    await client.workflow.getHandle(failed).terminate();
    const states = async (): Promise<string[]> => {
      const query = `WorkflowId IN ("sweep-${runKey}", "${failed}")`;
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
      return ids.sort();
    };
    await eventually('both in the index', async () => (await states()).length === 2, 10_000);
    await forgetLooks(client, new Date(Date.now() - 60 * 60_000));
    expect(await states()).toHaveLength(2);
    // The index may be a moment behind.
    await eventually(
      'the end of the one',
      async () => {
        await forgetLooks(client, new Date());
        return (await states()).length === 1;
      },
      150_000,
    );
    expect(await states()).toEqual([failed]);
  }, 180_000);
});

describe('the schedule of sweeps', () => {
  it('is made once, has no two sweeps at a time, and stays paused where a person has paused it', async () => {
    scenario = await Scenario.open();
    const handle = scenario.client.schedule.getHandle(SWEEP_ID);
    await ensureStandingSchedules(scenario.client);
    try {
      await handle.pause('by hand');
      await ensureStandingSchedules(scenario.client);
      const { spec, policies, state } = await handle.describe();
      expect(spec.intervals).toMatchObject([{ every: 120_000 }]);
      expect(policies).toMatchObject({ overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 60_000 });
      expect(state).toMatchObject({ paused: true, note: 'by hand' });
    } finally {
      for (const id of [RECOVERY_ID, SWEEP_ID]) await scenario.client.schedule.getHandle(id).delete();
    }
  });

  it('sweeps when it is triggered', async () => {
    scenario = await Scenario.open({ control: { sweepNodes: async () => found } });
    await ensureStandingSchedules(scenario.client);
    const handle = scenario.client.schedule.getHandle(SWEEP_ID);
    try {
      await handle.trigger();
      await scenario.called('sweepNodes');
    } finally {
      for (const id of [RECOVERY_ID, SWEEP_ID]) await scenario.client.schedule.getHandle(id).delete();
    }
  });
});
