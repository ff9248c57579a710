import { describe, expect, test } from 'vitest';
import { claimRun } from '../../../../activities/run/claim-run.js';
import { endRun } from '../../../../activities/run/end-run.js';
import { recoverRuns, type RecoveryResult } from '../../../../activities/run/recover-runs.js';
import type { FineTuningRequestInput } from '../../../../src/contract/request.js';
import { RunRecovery } from '../../../../src/contract/run.js';
import { Failure } from '../../../../src/domain/failures.js';
import type { WorkflowEnd } from '../../../../src/domain/recovery.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { FakeRunSchedules } from '../../../fakes/fake-run-schedules.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';
import { runPlan } from '../../../fixtures/run-plan.js';

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const failedLongAgo: WorkflowEnd = { how: 'failed', at: minutesAgo(60), failure: 'StoreUnavailable' };

/** A store and a server with runs that have ended. */
class Site {
  readonly store = new InMemoryObjectStore();
  readonly runs = new FakeRunDirectory();
  readonly schedules = new FakeRunSchedules();
  readonly context = new ActivityContext();

  /** An execution that has claimed the run and ended so. */
  async execution(
    runKey: string,
    end: WorkflowEnd | null = failedLongAgo,
    { request = {}, workflowId = `run/${runKey}` }: { request?: FineTuningRequestInput; workflowId?: string } = {},
  ): Promise<void> {
    const recovery = this.runs.started.at(-1)?.workflowId === workflowId ? this.runs.started.pop()?.recovery : undefined;
    const runId = String(Math.random());
    await act(() => claimRun(this)({ runKey, plan: runPlan(request), workflowId, runId, recovery: recovery ?? null }));
    if (end === null) this.runs.ends.delete(workflowId);
    else this.runs.ends.set(workflowId, end);
    if (!this.runs.failed.includes(runKey)) this.runs.failed.push(runKey);
  }

  recover(): Promise<RecoveryResult> {
    return this.context.run(recoverRuns(this));
  }

  recoveries(runKey: string): RunRecovery[] {
    return this.store.keys(runKeys.recoveries(runKey)).map((key) => RunRecovery.parse(this.store.needJson(key)));
  }
}

describe('a look at runs that have failed', () => {
  test('starts one again under its own workflow, for as long as its deadline leaves, and writes it down first', async () => {
    const site = new Site();
    await site.execution('k', failedLongAgo, { request: { training: { epochs: 2 }, deadlineMinutes: 100 } });
    expect(await site.recover()).toEqual({ started: [{ runKey: 'k', number: 1 }], waiting: [], left: [], resumed: [] });
    expect(site.runs.started).toMatchObject([
      { workflowId: 'run/k', request: { runKey: 'k', training: { epochs: 2 }, deadlineMinutes: expect.any(Number) as number } },
    ]);
    // Claimed a moment ago.
    expect(site.runs.started[0]?.request.deadlineMinutes).toBe(99);
    expect(site.recoveries('k')).toMatchObject([{ number: 1, after: 1, reason: 'StoreUnavailable' }]);
    expect(site.context.warnings).toEqual(['a run that had ended is started again']);
  });

  test('leaves alone one that is open again, or that another server has', async () => {
    const site = new Site();
    await site.execution('open', null);
    await site.execution('theirs');
    site.runs.server = 'namespace-2';
    await site.execution('ours');
    expect((await site.recover()).started).toEqual([{ runKey: 'ours', number: 1 }]);
  });

  test('says of one that waits until when, and of one that a person has to mend why', async () => {
    const site = new Site();
    await site.execution('soon', { how: 'failed', at: minutesAgo(1), failure: 'NodeLost' });
    await site.execution('wrong', { how: 'failed', at: minutesAgo(60), failure: 'InvalidData' });
    const { started, waiting, left } = await site.recover();
    expect(started).toEqual([]);
    expect(waiting.map(({ runKey }) => runKey)).toEqual(['soon']);
    expect(left).toMatchObject([{ runKey: 'wrong', why: expect.stringContaining('InvalidData is for a person') as string }]);
  });

  test('starts one that fails each time as often as it may, whether it had claimed the run by then or not', async () => {
    const site = new Site();
    await site.execution('k');
    expect((await site.recover()).started).toHaveLength(1);
    // Failed in its plan: the fence stays.
    expect((await site.recover()).started).toHaveLength(1);
    await site.execution('k');
    expect((await site.recover()).started).toHaveLength(1);
    await site.execution('k');
    expect(await site.recover()).toMatchObject({ started: [], left: [{ why: expect.stringContaining('3 times') as string }] });
    expect(site.recoveries('k').map(({ number, after }) => [number, after])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
  });

  test('counts anew when a person has started it, with the time that this person gives, also after one that claimed nothing', async () => {
    const site = new Site();
    const once = { recovery: { attempts: 1 } };
    await site.execution('k', failedLongAgo, { request: once });
    await site.recover();
    await site.execution('k', failedLongAgo, { request: once });
    expect((await site.recover()).started).toEqual([]);
    site.runs.started.length = 0;
    await site.execution('k', failedLongAgo, { request: { ...once, deadlineMinutes: 33 } });
    expect((await site.recover()).started).toEqual([{ runKey: 'k', number: 2 }]);
    expect(site.runs.started.at(-1)?.request.deadlineMinutes).toBe(32);
    // That one has not claimed anything when the next person comes.
    site.runs.started.length = 0;
    await site.execution('k', failedLongAgo, { request: { ...once, deadlineMinutes: 55 } });
    expect((await site.recover()).started).toEqual([{ runKey: 'k', number: 3 }]);
    expect(site.runs.started.at(-1)?.request.deadlineMinutes).toBe(54);
  });

  test('of a workflow with another id than the key starts the same run, not one of its own name', async () => {
    const site = new Site();
    await site.execution('k', failedLongAgo, { workflowId: 'by-hand' });
    await site.recover();
    expect(site.runs.started).toMatchObject([{ workflowId: 'by-hand', request: { runKey: 'k' } }]);
  });

  test('leaves one that was called off, or cancelled, until a person starts it again', async () => {
    const site = new Site();
    await site.execution('k');
    await endRun(site)({ runKey: 'k', fence: 1, outcome: 'cancelled', message: 'called off' });
    expect(await site.recover()).toEqual({ started: [], waiting: [], left: [], resumed: [] });
    await site.execution('k');
    expect((await site.recover()).started).toEqual([{ runKey: 'k', number: 1 }]);
  });

  test('of two at the same moment starts a run once', async () => {
    const site = new Site();
    await site.execution('k');
    await Promise.all([site.recover(), act(recoverRuns(site))]);
    expect(site.runs.started).toHaveLength(1);
  });

  test('is not kept from the others by a record that cannot be read; a store that is away is tried again', async () => {
    const site = new Site();
    await site.execution('torn');
    await site.execution('k');
    site.store.objects.set(runKeys.plan('torn', 1), Buffer.from('{'));
    expect(await site.recover()).toMatchObject({ started: [{ runKey: 'k' }], left: [{ runKey: 'torn' }] });
    site.store.failWith(new Failure('StoreUnavailable', 'away'), () => true, 1);
    await expect(site.recover()).rejects.toThrow('away');
  });
});
