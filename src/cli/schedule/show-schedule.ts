import { Command } from 'commander';
import { showLines } from './schedule-lines.js';
import { scheduledRuns } from './scheduled-run.js';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const showSchedule = (): Command =>
  new Command('show')
    .description('all of one schedule: times, policies, what was left out or missed, its last runs')
    .argument('<name>', 'of the schedule')
    .option('--json', 'as one JSON object, with the request')
    .addHelpText('after', '\nExample:\n  formwork schedule show nightly\n')
    .action((name: string, options: { json?: boolean }) =>
      withSchedules(async ({ client, context, schedules }) => {
        const schedule = await schedules.describe(name);
        const runs = await scheduledRuns(client, context.store, schedule);
        const { started: _, ...rest } = schedule;
        if (options.json === true) say(JSON.stringify({ ...rest, runs }, null, 2));
        else for (const line of showLines(schedule, runs)) say(line);
      }),
    );
