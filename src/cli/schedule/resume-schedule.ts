import { Command } from 'commander';
import { instant } from '../../report/format.js';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const resumeSchedule = (): Command =>
  new Command('resume')
    .description('go on with a schedule that a person, or a failure, has paused')
    .argument('<name>', 'of the schedule')
    .addHelpText('after', '\nExample:\n  formwork schedule resume nightly\n')
    .action((name: string) =>
      withSchedules(async ({ schedules }) => {
        await schedules.resume(name, 'by formwork schedule resume');
        const [next] = (await schedules.describe(name)).next;
        const when = next === undefined ? 'no next time' : `next ${instant(next)}`;
        say(`schedule ${name}: on, ${when}; what was left out meanwhile, formwork schedule backfill ${name} makes`);
      }),
    );
