import { setTimeout as delay } from 'node:timers/promises';
import {
  DAYS_OF_WEEK,
  MONTHS,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type Client,
  type ScheduleDescription,
  type ScheduleExecutionResult,
  type ScheduleHandle,
  type ScheduleSpecDescription,
} from '@temporalio/client';
import { msToTs, requiredTsToDate } from '@temporalio/common/lib/time.js';
import type { OverlapPolicy } from '../../contract/kinds.js';
import { cronText } from '../../domain/cron-text.js';
import { Failure } from '../../domain/failures.js';
import { CONTROL_QUEUE, RUN_WORKFLOW, runWorkflowId } from '../../domain/names.js';
import type { ListedSchedule, RunSchedule, ScheduledStart, ScheduleSettings, ScheduleTimes } from '../../domain/run-schedule.js';
import { waitUntil } from '../process/wait-until.js';
import { runSummary } from './start-run.js';

/** Schedules that start runs, whoever made them; formwork's own, and those of other programs, are not among them. */
export interface RunSchedules {
  list(): Promise<ListedSchedule[]>;
  resume(name: string, note: string): Promise<void>;
}

/** The server takes an action within a second; one that has to wait for an open run takes longer than anybody looks on. */
const TAKEN_MS = 10_000;
/** From a question to a server that knows of the end of a run; 78 ms or less here. */
const LOOK_MS = 300;

export class TemporalRunSchedules implements RunSchedules {
  constructor(private readonly client: Client) {}

  /** @throws Failure InvalidRequest for times that the server does not understand, or a name that is taken. */
  async create({ name, request, times, overlap, catchUpSeconds, pauseOnFailure, paused }: ScheduleSettings): Promise<void> {
    try {
      await this.client.schedule.create({
        scheduleId: name,
        spec: {
          cronExpressions: times.cron,
          intervals: times.intervals.map(({ everySeconds, offsetSeconds }) => ({
            every: everySeconds * 1000,
            offset: offsetSeconds * 1000,
          })),
          timezone: times.timeZone,
          jitter: times.jitterSeconds * 1000,
        },
        action: {
          type: 'startWorkflow',
          workflowType: RUN_WORKFLOW,
          workflowId: runWorkflowId(name),
          taskQueue: CONTROL_QUEUE,
          staticSummary: runSummary(request),
          args: [request],
        },
        policies: { overlap: toServer(overlap), catchupWindow: catchUpSeconds * 1000, pauseOnFailure },
        state: { paused },
      });
    } catch (error) {
      if (error instanceof ScheduleAlreadyRunning)
        throw new Failure(
          'InvalidRequest',
          `this server has a schedule ${name} already; choose another name, or remove it with formwork schedule delete ${name}`,
        );
      // What the SDK makes of a refusal by the server.
      if (error instanceof TypeError) throw new Failure('InvalidRequest', `the times of the schedule: ${error.message}`);
      throw error;
    }
  }

  /** By name. The server's own list says of none that a failure has paused it before somebody has asked for that one. */
  async list(): Promise<RunSchedule[]> {
    const names: string[] = [];
    for await (const { scheduleId, action } of this.client.schedule.list())
      if (action?.workflowType === RUN_WORKFLOW) names.push(scheduleId);
    const found = await Promise.all(names.sort().map((name) => this.describe(name).catch(whereGone)));
    return found.filter((schedule) => schedule !== null);
  }

  /** The server looks how its runs have ended when it is asked, or is due, and answers with what it knew before. */
  async describe(name: string): Promise<RunSchedule> {
    const first = await this.own(name);
    const mayPause = first.policies.pauseOnFailure && !first.state.paused;
    if (mayPause) await delay(LOOK_MS);
    const { scheduleId, spec, state, action, policies, info } = mayPause ? await this.own(name) : first;
    return {
      name: scheduleId,
      times: timesOf(spec),
      paused: state.paused,
      note: state.note ?? '',
      next: info.nextActionTimes.map((time) => time.toISOString()),
      started: startsOf(info.recentActions),
      workflowId: action.workflowId,
      request: action.args?.[0] ?? null,
      overlap: fromServer(policies.overlap),
      catchUpSeconds: policies.catchupWindow / 1000,
      pauseOnFailure: policies.pauseOnFailure,
      open: info.runningActions.map(({ workflow }) => workflow.workflowId),
      skippedForOverlap: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    };
  }

  async pause(name: string, note: string): Promise<void> {
    await (await this.handle(name)).pause(note);
  }

  async resume(name: string, note: string): Promise<void> {
    await (await this.handle(name)).unpause(note);
  }

  async delete(name: string): Promise<void> {
    await (await this.handle(name)).delete();
  }

  /** @returns what was started; null: nothing yet, since a run is open. */
  async trigger(name: string, overlap: OverlapPolicy): Promise<ScheduledStart | null> {
    const handle = await this.handle(name);
    const before = new Set((await this.describe(name)).started.map(identity));
    await handle.trigger(toServer(overlap));
    const isNew = async (): Promise<ScheduledStart | null> =>
      (await this.describe(name)).started.find((start) => !before.has(identity(start))) ?? null;
    return waitUntil(isNew, { timeoutMs: TAKEN_MS, everyMs: 250 });
  }

  async backfill(name: string, from: Date, to: Date, overlap: OverlapPolicy): Promise<void> {
    await (await this.handle(name)).backfill({ start: from, end: to, overlap: toServer(overlap) });
  }

  /** When the schedule is due between the two, with jitter. */
  async timesBetween(name: string, from: Date, to: Date): Promise<Date[]> {
    await this.own(name);
    const { startTime } = await this.client.workflowService.listScheduleMatchingTimes({
      ...{ namespace: this.client.options.namespace, scheduleId: name },
      ...{ startTime: msToTs(from.getTime()), endTime: msToTs(to.getTime()) },
    });
    return startTime.map((time) => requiredTsToDate(time, 'startTime'));
  }

  private async handle(name: string): Promise<ScheduleHandle> {
    await this.own(name);
    return this.client.schedule.getHandle(name);
  }

  /** @throws Failure InvalidRequest where there is none of this name that starts runs. */
  private async own(name: string): Promise<ScheduleDescription> {
    const found = await this.client.schedule
      .getHandle(name)
      .describe()
      .catch((error: unknown) => {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
        throw new Failure(
          'InvalidRequest',
          `this server has no schedule ${name}; formwork schedule list shows those that start runs`,
        );
      });
    if (found.action.workflowType === RUN_WORKFLOW) return found;
    throw new Failure(
      'InvalidRequest',
      `schedule ${name} starts ${found.action.workflowType} and no runs: it is formwork's own, or another program's; formwork schedule list shows those that start runs`,
    );
  }
}

const toServer = (overlap: OverlapPolicy): 'SKIP' | 'BUFFER_ONE' | 'BUFFER_ALL' | 'ALLOW_ALL' => OVERLAPS[overlap];
const OVERLAPS = { skip: 'SKIP', 'buffer-one': 'BUFFER_ONE', 'buffer-all': 'BUFFER_ALL', 'allow-all': 'ALLOW_ALL' } as const;
const fromServer = (overlap: string | undefined): string => (overlap ?? 'SKIP').toLowerCase().replace('_', '-');

/** The server's list may be a moment behind. */
function whereGone(error: unknown): null {
  if (error instanceof Failure && error.kind === 'InvalidRequest') return null;
  throw error;
}

const identity = ({ workflowId, startedAt }: ScheduledStart): string => `${workflowId} ${startedAt}`;

/** A backfill may start a workflow again that has been started before. */
function startsOf(actions: readonly ScheduleExecutionResult[]): ScheduledStart[] {
  const starts = new Map<string, ScheduledStart>();
  for (const { scheduledAt, takenAt, action } of actions) {
    const { workflowId } = action.workflow;
    starts.delete(workflowId);
    starts.set(workflowId, { workflowId, scheduledAt: scheduledAt.toISOString(), startedAt: takenAt.toISOString() });
  }
  return [...starts.values()];
}

function timesOf({ calendars = [], intervals = [], timezone, jitter }: ScheduleSpecDescription): ScheduleTimes {
  return {
    cron: calendars.map(({ month, dayOfWeek, ...rest }) =>
      cronText({
        ...rest,
        month: month.map(({ start, end, step }) => ({ start: MONTHS.indexOf(start) + 1, end: MONTHS.indexOf(end) + 1, step })),
        dayOfWeek: dayOfWeek.map(({ start, end, step }) => ({
          start: DAYS_OF_WEEK.indexOf(start),
          end: DAYS_OF_WEEK.indexOf(end),
          step,
        })),
      }),
    ),
    intervals: intervals.map(({ every, offset }) => ({ everySeconds: every / 1000, offsetSeconds: offset / 1000 })),
    timeZone: timezone === undefined || timezone === '' ? 'UTC' : timezone,
    jitterSeconds: (jitter ?? 0) / 1000,
  };
}
