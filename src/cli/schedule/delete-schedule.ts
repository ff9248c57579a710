import { Command } from 'commander';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const deleteSchedule = (): Command =>
  new Command('delete')
    .description('remove a schedule; its runs stay, and one that is open goes on')
    .argument('<name>', 'of the schedule')
    .addHelpText('after', '\nExample:\n  formwork schedule delete nightly\n')
    .action((name: string) =>
      withSchedules(async ({ schedules }) => {
        await schedules.delete(name);
        say(`schedule ${name}: deleted; its runs stay, formwork list shows them`);
      }),
    );
