import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planRun } from '../../activities/plan/plan-run.js';
import { claimRun } from '../../activities/run/claim-run.js';
import { endRun } from '../../activities/run/end-run.js';
import { recordStep } from '../../activities/run/record-step.js';
import { recoverRuns, type RecoveryResult } from '../../activities/run/recover-runs.js';
import { FineTuningRequest, type FineTuningRequestInput } from '../../src/contract/request.js';
import {
  CONTROL_QUEUE,
  hasScheduledTime,
  RECOVERY_ID,
  RUN_WORKFLOW,
  runKeyOf,
  runWorkflowId,
  SWEEP_ID,
} from '../../src/domain/names.js';
import { pausedBy, type RunSchedule, type ScheduledStart, type ScheduleSettings } from '../../src/domain/run-schedule.js';
import { scheduledRuns } from '../../src/cli/schedule/scheduled-run.js';
import { TemporalRunDirectory } from '../../src/platform/temporal/run-directory.js';
import { requestOnServer, unclaimedRuns } from '../../src/platform/temporal/unclaimed-runs.js';
import { TemporalRunSchedules } from '../../src/platform/temporal/run-schedules.js';
import { ensureStandingSchedules } from '../../src/platform/temporal/standing-schedules.js';
import { eventually } from '../fixtures/child-process.js';
import { FakePlanner } from '../fakes/fake-planner.js';
import { samplePlan } from './samples.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
let schedules: TemporalRunSchedules;
/** Rows that a run waits for; a test lets them come. */
let rows: Promise<void>;

beforeEach(async () => {
  rows = Promise.resolve();
  scenario = await Scenario.open({
    control: {
      planRun: async (input) => {
        // A recovery that is due at once, which no request may ask for.
        const { recovery: _, ...request } = input.request as FineTuningRequest;
        const { runKey, plan } = await planRun({ planner: new FakePlanner() })({ ...input, request });
        return { runKey, plan: { ...plan, recovery: { attempts: 1, waitMinutes: 0, afterTerminate: false } } };
      },
      claimRun: (input) => {
        // The scenario asks for the plan without one.
        if (input.runId === '') return Promise.resolve({ fence: 1, plan: samplePlan(), finished: {} });
        return claimRun({ store: scenario.store, runs: new TemporalRunDirectory(scenario.client) })(input);
      },
      recordStep: (input) => recordStep(scenario)(input),
      endRun: (input) => endRun(scenario)(input),
      prepareDataset: async () => {
        await rows;
        return { datasetId: 'd'.repeat(64), note: 'rows' };
      },
      recoverRuns: () => {
        const { store, client } = scenario;
        return recoverRuns({ store, schedules, runs: new TemporalRunDirectory(client) })();
      },
    },
  });
  schedules = new TemporalRunSchedules(scenario.client);
});

afterEach(async () => {
  for await (const { scheduleId } of scenario.client.schedule.list()) await scenario.client.schedule.getHandle(scheduleId).delete();
  await scenario.close();
});

/** Every night, long before anybody tests. */
const nightly = { cron: ['0 2 * * *'], intervals: [], timeZone: 'UTC', jitterSeconds: 0 };

async function create(change: Partial<ScheduleSettings> = {}, request: FineTuningRequestInput = {}): Promise<RunSchedule> {
  const name = scenario.runKey;
  await schedules.create({
    ...{ name, request: FineTuningRequest.parse(request), times: nightly, overlap: 'skip', catchUpSeconds: 3600 },
    ...{ pauseOnFailure: true, paused: false },
    ...change,
  });
  return schedules.describe(name);
}

/** The schedule, as soon as it is as meant. */
async function until(isMeant: (schedule: RunSchedule) => boolean): Promise<RunSchedule> {
  for (;;) {
    const schedule = await schedules.describe(scenario.runKey);
    if (isMeant(schedule)) return schedule;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const trigger = async (): Promise<ScheduledStart> => {
  const start = await schedules.trigger(scenario.runKey, 'skip');
  if (start === null) throw new Error('nothing was started');
  return start;
};
const resultOf = ({ workflowId }: ScheduledStart): Promise<unknown> => scenario.client.workflow.getHandle(workflowId).result();

describe('a schedule of runs', () => {
  it('is on the server as it was asked for: times, zone, jitter, policies and request', async () => {
    const times = { cron: ['30 2 * * 1-5', '0 */6 1,15 * *'], intervals: [], timeZone: 'Europe/Berlin', jitterSeconds: 600 };
    const schedule = await create(
      { times, overlap: 'buffer-one', catchUpSeconds: 7200, pauseOnFailure: false, paused: true },
      { training: { epochs: 3 } },
    );
    expect(schedule).toMatchObject({
      ...{ times, overlap: 'buffer-one', catchUpSeconds: 7200, pauseOnFailure: false, paused: true, open: [], started: [] },
      ...{ workflowId: runWorkflowId(scenario.runKey), request: FineTuningRequest.parse({ training: { epochs: 3 } }) },
    });
    expect(schedule.next.length).toBeGreaterThan(3);
    await expect(create()).rejects.toMatchObject({ kind: 'InvalidRequest', message: expect.stringContaining('already') as string });
  });

  it('in equal steps is due at them, later by its offset and its jitter at most', async () => {
    const interval = { everySeconds: 21_600, offsetSeconds: 1800 };
    const { times, next } = await create({ times: { cron: [], intervals: [interval], timeZone: 'UTC', jitterSeconds: 60 } });
    expect(times.intervals).toEqual([interval]);
    for (const time of next) {
      const late = (Date.parse(time) / 1000 - interval.offsetSeconds) % interval.everySeconds;
      expect(late).toBeLessThanOrEqual(60);
    }
  });

  it('whose times the server does not understand is refused, and not made', async () => {
    await expect(create({ times: { ...nightly, cron: ['61 2 * * *'] } })).rejects.toMatchObject({
      ...{ kind: 'InvalidRequest', message: 'the times of the schedule: Minute is not in range [0-59]' },
    });
    expect(await schedules.list()).toEqual([]);
  });

  it('is listed without those of formwork itself, which it does not take for a run either', async () => {
    await ensureStandingSchedules(scenario.client);
    await create();
    // The server's list may be a moment behind.
    await expect.poll(async () => (await schedules.list()).map(({ name }) => name)).toEqual([scenario.runKey]);
    for (const id of [SWEEP_ID, RECOVERY_ID])
      await expect(schedules.delete(id)).rejects.toMatchObject({ message: expect.stringContaining("formwork's own") as string });
    await schedules.delete(scenario.runKey);
    await expect(schedules.describe(scenario.runKey)).rejects.toMatchObject({ kind: 'InvalidRequest' });
    await scenario.client.schedule.getHandle(SWEEP_ID).describe();
  });
});

describe('a run that a schedule starts', () => {
  it('has a key of its own with the time, and is found with what came of it', async () => {
    await create();
    const start = await trigger();
    expect(hasScheduledTime(start.workflowId)).toBe(true);
    const runKey = runKeyOf(start.workflowId);
    expect(runKey.startsWith(`${scenario.runKey}-`)).toBe(true);
    expect(await resultOf(start)).toMatchObject({ runKey, outcome: 'completed' });
    const schedule = await schedules.describe(scenario.runKey);
    expect(await scheduledRuns(scenario.client, scenario.store, schedule)).toMatchObject([
      { runKey, state: 'completed', message: 'done' },
    ]);
  });

  it('is waited for: it is open for its schedule until it has ended', async () => {
    rows = new Promise(() => undefined);
    await create();
    const start = await trigger();
    expect((await until(({ open }) => open.length > 0)).open).toEqual([start.workflowId]);
    await scenario.client.workflow.getHandle(start.workflowId).terminate();
    await until(({ open }) => open.length === 0);
  });

  it('of a time that is over has the key of that time, without the jitter, and the next one waits for it', async () => {
    await create({ times: { ...nightly, jitterSeconds: 600 } }, { dryRun: true });
    const [from, to] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-03T00:00:00Z')];
    expect(await schedules.timesBetween(scenario.runKey, from, to)).toHaveLength(2);
    await schedules.backfill(scenario.runKey, from, to, 'buffer-all');
    const { started } = await until(({ started: all }) => all.length === 2);
    expect(started.map(({ workflowId }) => workflowId)).toEqual(
      ['2026-03-01T02:00:00Z', '2026-03-02T02:00:00Z'].map((time) => `${runWorkflowId(scenario.runKey)}-${time}`),
    );
    const [first, second] = await Promise.all(
      started.map(async (start) => {
        await resultOf(start);
        return scenario.client.workflow.getHandle(start.workflowId).describe();
      }),
    );
    expect(second?.startTime.getTime()).toBeGreaterThanOrEqual(first?.closeTime?.getTime() ?? Infinity);
    // The same night again is the same run, which goes on with what it has.
    await schedules.backfill(scenario.runKey, from, new Date('2026-03-02T00:00:00Z'), 'buffer-all');
    await until(({ started: all }) => all.length === 2 && all.at(-1)?.workflowId === started[0]?.workflowId);
  });

  it('with a run key in its request is refused when it starts, and shown with the reason', async () => {
    await create({}, { runKey: 'mine' });
    const start = await trigger();
    await expect(resultOf(start)).rejects.toThrow();
    const schedule = await until(({ paused }) => paused);
    expect(pausedBy(schedule)).toBe(start.workflowId);
    expect(await scheduledRuns(scenario.client, scenario.store, schedule)).toMatchObject([
      { state: 'failed', message: expect.stringContaining('the request names runKey mine') as string },
    ]);
  });

  it('that starts a run which is refused before it is claimed leaves it to be found and started again by the server', async () => {
    await create({}, { runKey: 'mine' });
    const { workflowId } = await trigger();
    const { client } = scenario;
    await expect(client.workflow.getHandle(workflowId).result()).rejects.toThrow();
    await eventually('the server lists it', async () => (await unclaimedRuns(client)).some((run) => run.workflowId === workflowId));
    expect(await requestOnServer(client, runKeyOf(workflowId))).toMatchObject({ runKey: 'mine' });
    expect(await requestOnServer(client, 'nobody')).toBeNull();
  });
});

/** The server's list may be a moment behind. */
async function lookUntil(isMeant: (result: RecoveryResult) => boolean): Promise<RecoveryResult> {
  for (;;) {
    const options = { workflowId: `recovery-${randomUUID()}`, taskQueue: CONTROL_QUEUE };
    const result = (await scenario.client.workflow.execute('runRecovery', options)) as RecoveryResult;
    if (isMeant(result)) return result;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

it('a failed run pauses its schedule, is started again by the recovery, and its schedule goes on when it has completed', async () => {
  const name = scenario.runKey;
  let release: () => void = () => undefined;
  rows = new Promise((resolve) => (release = resolve));
  // As the Web UI's form makes one, with a timeout.
  await scenario.client.schedule.create({
    scheduleId: name,
    spec: { cronExpressions: nightly.cron },
    action: {
      ...{ type: 'startWorkflow', workflowType: RUN_WORKFLOW, workflowId: name, taskQueue: CONTROL_QUEUE },
      ...{ workflowExecutionTimeout: '8 seconds', args: [{}] },
    },
    policies: { pauseOnFailure: true },
  });
  // No run of formwork's own naming: the key is the whole id.
  const start = await trigger();
  const { workflowId } = start;
  expect(workflowId).toMatch(new RegExp(`^${name}-`));
  await scenario.called('prepareDataset');
  await expect(resultOf(start)).rejects.toThrow();
  // By itself: the server pauses the schedule when somebody asks for it.
  const again = await lookUntil(({ started }) => started.length > 0);
  expect(again).toMatchObject({ started: [{ runKey: workflowId, number: 1 }], resumed: [] });
  const failed = await schedules.describe(name);
  expect(pausedBy(failed)).toBe(workflowId);
  release();
  expect(await scenario.client.workflow.getHandle(workflowId).result()).toMatchObject({ outcome: 'completed' });
  expect((await lookUntil(({ resumed }) => resumed.length > 0)).resumed).toEqual([{ schedule: name, runKey: workflowId }]);
  expect(await schedules.describe(name)).toMatchObject({ paused: false, note: expect.stringContaining(workflowId) as string });
});
