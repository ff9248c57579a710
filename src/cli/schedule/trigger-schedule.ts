import { Command } from 'commander';
import { OVERLAP_POLICIES, type OverlapPolicy } from '../../contract/kinds.js';
import { Failure } from '../../domain/failures.js';
import { runKeyOf } from '../../domain/names.js';
import { parseOverlap, type RunSchedule } from '../../domain/run-schedule.js';
import { say } from '../say.js';
import { withSchedules } from './with-schedules.js';

export const triggerSchedule = (): Command =>
  new Command('trigger')
    .description('start a run of it now, also while it is paused')
    .argument('<name>', 'of the schedule')
    .option('--overlap <policy>', 'for this start, instead of its own: buffer-one, buffer-all or allow-all')
    .addHelpText('after', '\nExample:\n  formwork schedule trigger nightly\n')
    .action((name: string, options: { overlap?: string }) =>
      withSchedules(async ({ schedules }) => {
        const schedule = await schedules.describe(name);
        const overlap = options.overlap === undefined ? ownOverlap(schedule) : parseOverlap(options.overlap);
        if (overlap === 'skip') refuseWhileOpen(schedule);
        const start = await schedules.trigger(name, overlap);
        if (start === null) say(waiting(name, overlap));
        else say(`run ${runKeyOf(start.workflowId)} has begun; npx formwork watch ${runKeyOf(start.workflowId)} watches it`);
      }),
    );

/** Policies that would end a run are for whoever set them in the Web UI, not for a start by hand. */
const ownOverlap = ({ overlap }: RunSchedule): OverlapPolicy => OVERLAP_POLICIES.find((policy) => policy === overlap) ?? 'skip';

/** @throws Failure Unreachable where there is nothing that a start would wait for. */
function waiting(name: string, overlap: OverlapPolicy): string {
  if (overlap.startsWith('buffer')) return `schedule ${name}: a run of it is open, and this one starts after it`;
  throw new Failure(
    'Unreachable',
    `the server was asked, and has started no run of schedule ${name} so far; formwork schedule show ${name} says whether it has by now`,
  );
}

/** The server would leave it out without a word. */
function refuseWhileOpen({ name, open }: RunSchedule): void {
  if (open.length === 0) return;
  throw new Failure(
    'InvalidRequest',
    `run ${open.map(runKeyOf).join(', ')} of schedule ${name} is open, and its overlap policy would leave this start out; wait for its end, or give --overlap buffer-one or allow-all`,
  );
}
