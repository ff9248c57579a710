import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { parseOverlap } from '../../domain/run-schedule.js';
import { counted } from '../../report/format.js';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

interface BackfillOptions {
  from: string;
  to?: string;
  overlap: string;
}

export const backfillSchedule = (): Command =>
  new Command('backfill')
    .description('start the runs of a span of time that is over, as nights on which no server was up')
    .argument('<name>', 'of the schedule')
    .requiredOption('--from <time>', 'ISO date or time, UTC unless it says otherwise, e.g. 2026-03-01')
    .option('--to <time>', 'likewise; without it, now')
    .option('--overlap <policy>', 'for these starts; buffer-all: one after the other', 'buffer-all')
    .addHelpText('after', '\nExample:\n  formwork schedule backfill nightly --from 2026-03-01 --to 2026-03-04\n')
    .action((name: string, options: BackfillOptions) =>
      withSchedules(async ({ schedules }) => {
        const now = new Date();
        const from = parseInstant('--from', options.from);
        const to = options.to === undefined ? now : parseInstant('--to', options.to);
        const overlap = parseOverlap(options.overlap);
        if (from >= to || to > now)
          throw new Failure(
            'InvalidRequest',
            `${from.toISOString()} to ${to.toISOString()} is no span of time that is over by now, ${now.toISOString()}; correct --from and --to`,
          );
        const times = await schedules.timesBetween(name, from, to);
        if (times.length === 0)
          throw new Failure(
            'InvalidRequest',
            `schedule ${name} has no time between ${from.toISOString()} and ${to.toISOString()}; formwork schedule show ${name} has its times`,
          );
        await schedules.backfill(name, from, to, overlap);
        say(
          `schedule ${name}: ${counted(times.length, 'start')} asked for, ${overlap}; a run that is completed already is only looked through again. formwork schedule show ${name} shows them`,
        );
      }),
    );

/** A time without a zone is one of UTC, as every other that formwork prints or takes. */
function parseInstant(option: string, text: string): Date {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(text);
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text);
  const instant = new Date(isDate || (isTime && hasZone) ? text : `${text}Z`);
  if ((isDate || isTime) && !Number.isNaN(instant.getTime())) return instant;
  throw new Failure('InvalidRequest', `${option} ${text}: expected an ISO date or time, e.g. 2026-03-01 or 2026-03-01T02:00:00Z`);
}
