import { Command } from 'commander';
import {
  checkCatchUp,
  checkScheduledRequest,
  checkScheduleName,
  checkTimes,
  parseOverlap,
  type ScheduleSettings,
  type ScheduleTimes,
} from '../../domain/run-schedule.js';
import { Failure } from '../../domain/failures.js';
import { parseTimeSpan } from '../../domain/time-span.js';
import { TemporalRunSchedules } from '../../platform/temporal/run-schedules.js';
import { ControlSession } from '../control-session.js';
import { narration } from '../narration.js';
import { readRequest, requestOptions, type RequestOptions } from '../read-request.js';
import { requestPlanner } from '../request-planner.js';
import { StopRequest } from '../stop-request.js';
import { wrap } from '../text-block.js';
import { showLines } from './schedule-lines.js';

/**
 * A restart of server or machine, or a slow morning of theirs, costs no night; what was off all night does not begin to train when
 * people come to work.
 */
const CATCH_UP = '1h';

interface CreateOptions extends RequestOptions {
  cron: string[];
  every?: string;
  offset?: string;
  timeZone: string;
  jitter: string;
  overlap: string;
  catchUp: string;
  pauseOnFailure: boolean;
  paused?: boolean;
}

export const createSchedule = (): Command =>
  requestOptions(new Command('create'))
    .description('check a request, and start a run of it again and again; server and worker stay up until formwork down')
    .argument('<name>', 'of the schedule; its runs have the keys <name>-<scheduled time>')
    .argument('[request.json]', 'the request, without runKey; without a file, all defaults')
    .option(
      '--cron <expression>',
      'minute, hour, day of month, month, day of week, e.g. "0 2 * * MON-FRI"; may be repeated',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--every <span>', 'instead of --cron: in equal steps from midnight UTC, e.g. 6h')
    .option('--offset <span>', 'with --every: so much later than the whole steps, e.g. 30m')
    .option('--time-zone <name>', 'of --cron, e.g. Europe/Berlin', 'UTC')
    .option('--jitter <span>', 'start up to so much later, at random, so that not all schedules begin at once', '0s')
    .option('--overlap <policy>', 'while a run of it is open: skip, buffer-one, buffer-all or allow-all', 'skip')
    .option('--catch-up <span>', 'how late a start may be that was missed, since no server was up', CATCH_UP)
    .option('--no-pause-on-failure', 'go on with the next time after a run that failed')
    .option('--paused', 'made, but not on before formwork schedule resume')
    .addHelpText(
      'after',
      '\nExample:\n  formwork schedule create nightly viggo.json --cron "0 2 * * *" --time-zone Europe/Berlin --jitter 10m\n',
    )
    .action(async (name: string, file: string | undefined, options: CreateOptions) => {
      const settings = await settingsOf(name, file, options);
      // Everything that can be wrong is found here, and not at night.
      await requestPlanner().plan(settings.request, 'run');
      const told = narration();
      const stop = new StopRequest();
      const session = await ControlSession.open({ forever: false, narration: told });
      try {
        await session.withClient(async (client) => {
          const schedules = new TemporalRunSchedules(client);
          await schedules.create(settings);
          await session.stayUp();
          for (const line of showLines(await schedules.describe(name), [])) told.say(line);
        });
        for (const line of UPTIME) told.say(line);
      } finally {
        await session.close(stop);
      }
    });

const UPTIME = wrap(
  'It starts runs only while server and worker are up: they stay up until formwork down; after a restart of this machine, formwork up brings them back.',
);

async function settingsOf(name: string, file: string | undefined, options: CreateOptions): Promise<ScheduleSettings> {
  checkScheduleName(name);
  const times = timesOf(options);
  checkTimes(times, isTimeZone);
  const overlap = parseOverlap(options.overlap);
  const catchUpSeconds = parseTimeSpan('--catch-up', options.catchUp);
  checkCatchUp(catchUpSeconds);
  const request = await readRequest(file, options);
  checkScheduledRequest(request, name);
  return { name, request, times, overlap, catchUpSeconds, pauseOnFailure: options.pauseOnFailure, paused: options.paused === true };
}

function timesOf({ cron, every, offset, timeZone, jitter }: CreateOptions): ScheduleTimes {
  const everySeconds = every === undefined ? null : parseTimeSpan('--every', every);
  if (offset !== undefined && every === undefined)
    throw new Failure('InvalidRequest', `--offset ${offset}: expected with --every alone`);
  const offsetSeconds = offset === undefined ? 0 : parseTimeSpan('--offset', offset);
  return {
    cron,
    intervals: everySeconds === null ? [] : [{ everySeconds, offsetSeconds }],
    timeZone,
    jitterSeconds: parseTimeSpan('--jitter', jitter),
  };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // A RangeError is its word for no.
    return false;
  }
}
