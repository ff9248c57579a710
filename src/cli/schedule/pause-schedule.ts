import { Command } from 'commander';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const pauseSchedule = (): Command =>
  new Command('pause')
    .description('start no more runs until it is resumed; what is open goes on')
    .argument('<name>', 'of the schedule')
    .option('--note <text>', 'why, for whoever lists it', 'by formwork schedule pause')
    .addHelpText('after', '\nExample:\n  formwork schedule pause nightly --note "no GPU before Monday"\n')
    .action((name: string, { note }: { note: string }) =>
      withSchedules(async ({ schedules }) => {
        await schedules.pause(name, note);
        say(`schedule ${name}: paused; formwork schedule resume ${name} goes on`);
      }),
    );
