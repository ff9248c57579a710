import { Command } from 'commander';
import { listLines } from './schedule-lines.js';
import { scheduledRuns } from './scheduled-run.js';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const listSchedules = (): Command =>
  new Command('list')
    .description('schedules that start runs, wherever they were made: next times, and how their last runs ended')
    .option('--json', 'as JSON Lines')
    .addHelpText('after', '\nExample:\n  formwork schedule list\n')
    .action((options: { json?: boolean }) =>
      withSchedules(async ({ client, context, schedules }) => {
        const found = await schedules.list();
        if (found.length === 0 && options.json !== true) say('no schedules yet; formwork schedule create makes one');
        for (const schedule of found) {
          const runs = await scheduledRuns(client, context.store, schedule);
          const { started: _, ...rest } = schedule;
          if (options.json === true) say(JSON.stringify({ ...rest, runs }));
          else for (const line of listLines(schedule, runs)) say(line);
        }
      }),
    );
