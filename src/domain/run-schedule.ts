import { OVERLAP_POLICIES, type OverlapPolicy } from '../contract/kinds.js';
import type { FineTuningRequest } from '../contract/request.js';
import { Failure } from './failures.js';
import { hasScheduledTime, RECOVERY_ID, SWEEP_ID } from './names.js';

/** When a schedule starts a run. */
export interface ScheduleTimes {
  cron: string[];
  intervals: { everySeconds: number; offsetSeconds: number }[];
  timeZone: string;
  /** Each start is later by a random time of up to this. */
  jitterSeconds: number;
}

/** What a person asks for. */
export interface ScheduleSettings {
  name: string;
  request: FineTuningRequest;
  times: ScheduleTimes;
  overlap: OverlapPolicy;
  catchUpSeconds: number;
  pauseOnFailure: boolean;
  paused: boolean;
}

/** A run that a schedule has started. */
export interface ScheduledStart {
  workflowId: string;
  /** With its jitter. */
  scheduledAt: string;
  startedAt: string;
}

/** A schedule in a list. */
export interface ListedSchedule {
  name: string;
  times: ScheduleTimes;
  paused: boolean;
  /** Why it is paused, or what was last said of it. */
  note: string;
  /** The next ones, with their jitter. */
  next: string[];
  /** The newest ones, oldest first, each workflow once. */
  started: ScheduledStart[];
}

/** All that the server knows of one. */
export interface RunSchedule extends ListedSchedule {
  /** Workflow id of its runs, less the time. */
  workflowId: string;
  request: unknown;
  /** An OverlapPolicy, or the server's word for one that formwork does not make. */
  overlap: string;
  catchUpSeconds: number;
  pauseOnFailure: boolean;
  /** Workflow ids of runs that it waits for. With allow-all it waits for none. */
  open: string[];
  skippedForOverlap: number;
  missed: number;
}

/** A run key has 100 characters at most, and the time takes 21 of them. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,78}$/;

/** A name from which keys of runs can be made. @throws Failure InvalidRequest. */
export function checkScheduleName(name: string): void {
  if (name === SWEEP_ID || name === RECOVERY_ID)
    throw new Failure('InvalidRequest', `schedule ${name} is formwork's own; choose another name`);
  if (NAME.test(name)) return;
  throw new Failure(
    'InvalidRequest',
    `a schedule cannot be named "${name}": its runs are named after it, so expected up to 79 letters, digits, ".", "_", ":" or "-", starting with a letter or digit`,
  );
}

/** @throws Failure InvalidRequest where all runs of the schedule would be one. */
export function checkScheduledRequest({ runKey }: FineTuningRequest, name: string): void {
  if (runKey === null) return;
  throw new Failure(
    'InvalidRequest',
    `runKey ${runKey}: every start would go on with that one run, and train nothing again; leave it out: runs of this schedule have the keys ${name}-<scheduled time>`,
  );
}

/** An overlap policy by its name. @throws Failure InvalidRequest for those that end a run, and for what is none. */
export function parseOverlap(text: string): OverlapPolicy {
  const found = OVERLAP_POLICIES.find((policy) => policy === text);
  if (found !== undefined) return found;
  const why = /^(cancel|terminate)/.test(text)
    ? 'a schedule does not end a run that is at work, whose steps since the newest checkpoint would be lost each time'
    : 'there is no such policy';
  throw new Failure('InvalidRequest', `--overlap ${text}: ${why}; expected ${OVERLAP_POLICIES.join(', ')}`);
}

/** The server takes anything shorter for this. */
const LEAST_CATCH_UP_SECONDS = 10;

/** @throws Failure InvalidRequest where the server would silently take a longer one. */
export function checkCatchUp(seconds: number): void {
  if (seconds >= LEAST_CATCH_UP_SECONDS) return;
  throw new Failure(
    'InvalidRequest',
    `--catch-up ${seconds}s: expected ${LEAST_CATCH_UP_SECONDS}s or more, the least of the server`,
  );
}

/** @throws Failure InvalidRequest unless there is one kind of times, in a zone that there is. */
export function checkTimes({ cron, intervals, timeZone }: ScheduleTimes, isZone: (name: string) => boolean): void {
  if ((cron.length === 0) === (intervals.length === 0))
    throw new Failure('InvalidRequest', 'a schedule needs times: expected either --cron, e.g. "0 2 * * *", or --every, e.g. 6h');
  if (intervals.some(({ everySeconds }) => everySeconds === 0))
    throw new Failure('InvalidRequest', '--every 0: expected a span of time, e.g. 6h');
  if (intervals.length > 0 && timeZone !== 'UTC')
    throw new Failure(
      'InvalidRequest',
      `--time-zone ${timeZone}: --every counts from midnight UTC, whatever the zone; use --cron for times of a zone`,
    );
  if (!isZone(timeZone))
    throw new Failure('InvalidRequest', `--time-zone ${timeZone}: no such zone; expected one like Europe/Berlin, or UTC`);
}

/**
 * Why a workflow that a schedule has started cannot be a run of its own; null: it can. Schedules are made in the Web UI's form too, where
 * nothing is checked before the first start.
 */
export function scheduledRunProblem(schedule: string, workflowId: string, runKey: string | null): string | null {
  const same = `every start of schedule ${schedule} would go on with this one run, and train nothing again`;
  if (runKey !== null) return `the request names runKey ${runKey}: ${same}; leave it out, and the key carries the scheduled time`;
  if (hasScheduledTime(workflowId)) return null;
  return `workflow id ${workflowId} carries no scheduled time: ${same}; make the schedule without keeping the original workflow id`;
}

/** The workflow whose failure has paused a schedule, from what the server noted; null: it did not pause it. */
export function pausedBy({ paused, note }: Pick<ListedSchedule, 'paused' | 'note'>): string | null {
  const workflowId = /^paused due to workflow (?:failure|timeout): (\S+)/.exec(note)?.[1];
  if (!paused || workflowId === undefined) return null;
  // A failure follows after a colon.
  return workflowId.replace(/:$/, '');
}
