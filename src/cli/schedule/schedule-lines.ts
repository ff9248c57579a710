import { runKeyOf } from '../../domain/names.js';
import { pausedBy, type ListedSchedule, type RunSchedule, type ScheduleTimes } from '../../domain/run-schedule.js';
import { timeSpan } from '../../domain/time-span.js';
import { instant } from '../../report/format.js';
import { labelled, wrap } from '../text-block.js';
import type { ScheduledRun } from './scheduled-run.js';

/** Enough to see when it is; the JSON has all that the server tells. */
const NEXT = 3;
/** A few nights; `show` has all that the server remembers. */
const LISTED_RUNS = 3;

/** One schedule of many: is it on, when is it next, how did the last ones end. */
export function listLines(schedule: ListedSchedule, runs: readonly ScheduledRun[]): string[] {
  const { name, times } = schedule;
  return [
    `${name}: ${timesText(times)}; ${stateText(schedule)}`,
    ...runLines(runs.slice(0, LISTED_RUNS)).map((line) => `  ${line}`),
    ...(runs.length === 0 ? ['  no run yet'] : []),
  ];
}

/** All of one schedule. */
export function showLines(schedule: RunSchedule, runs: readonly ScheduledRun[]): string[] {
  const { name, times, workflowId, overlap, catchUpSeconds, pauseOnFailure, skippedForOverlap, missed, open } = schedule;
  const counted = [
    ...(skippedForOverlap === 0 ? [] : [`${skippedForOverlap} left out, since a run was open`]),
    ...(missed === 0 ? [] : [`${missed} missed for good, since no server was up in time`]),
  ];
  return [
    ...wrap(`schedule ${name}: ${stateText(schedule)}`),
    ...labelled('times', [timesText(times)]),
    ...labelled('run keys', [`${runKeyOf(workflowId)}-<scheduled time, UTC>`]),
    ...labelled('overlap', [OVERLAPS[overlap] ?? `${overlap}: ends a run that is at work; change it in the Web UI`]),
    ...labelled('catch-up', [catchUpText(catchUpSeconds, name)]),
    ...labelled('on failure', [
      pauseOnFailure
        ? 'pauses, and goes on by itself once that run has completed after all'
        : 'goes on with the next time, also beside a run that is started again by itself',
    ]),
    ...labelled('open', open.map(runKeyOf)),
    ...labelled('so far', counted),
    ...(runs.length === 0 ? [] : ['runs', ...runLines(runs).map((line) => `  ${line}`)]),
  ];
}

const OVERLAPS: Record<string, string> = {
  skip: 'skip: while a run is open, a time is left out',
  'buffer-one': 'buffer-one: while a run is open, one start waits for its end',
  'buffer-all': 'buffer-all: while a run is open, all starts wait, one after the other',
  'allow-all': 'allow-all: runs may be open beside each other; a failure of one pauses nothing',
};

function catchUpText(seconds: number, name: string): string {
  return `a start that was missed, since no server was up, is made within ${timeSpan(seconds)}; later it is left out, and formwork schedule backfill ${name} makes it`;
}

function stateText(schedule: ListedSchedule): string {
  const { paused, note, next, name } = schedule;
  if (!paused) return next.length === 0 ? 'no next time' : `next ${next.slice(0, NEXT).map(instant).join(', ')}`;
  const failed = pausedBy(schedule);
  const why = failed === null ? (note === '' ? '' : ` (${note})`) : ` by the failure of run ${runKeyOf(failed)}`;
  return `paused${why}; npx formwork schedule resume ${name} goes on`;
}

function timesText({ cron, intervals, timeZone, jitterSeconds }: ScheduleTimes): string {
  const every = intervals.map(
    ({ everySeconds, offsetSeconds }) =>
      `every ${timeSpan(everySeconds)}${offsetSeconds === 0 ? '' : `, ${timeSpan(offsetSeconds)} later than the whole ones`}`,
  );
  const times = [...(cron.length === 0 ? [] : [`cron ${cron.join(' and ')}, ${timeZone}`]), ...every].join(' and ');
  return `${times}${jitterSeconds === 0 ? '' : `, up to ${timeSpan(jitterSeconds)} later`}`;
}

function runLines(runs: readonly ScheduledRun[]): string[] {
  const width = Math.max(...runs.map(({ runKey }) => runKey.length));
  return runs.map(({ runKey, state, message }) => `${runKey.padEnd(width)}  ${state.padEnd(11)}  ${message}`.trimEnd());
}
