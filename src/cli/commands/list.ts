import { Command } from 'commander';
import { knownRuns, type KnownRun } from '../../platform/control/open-runs.js';
import { configuredServer } from '../../platform/temporal/connection.js';
import { CliContext } from '../context.js';
import { listRun, type ListedRun } from '../list-run.js';

export const listCommand = (): Command =>
  new Command('list')
    .description('runs of this home, newest first')
    .option('--json', 'as JSON Lines')
    .addHelpText('after', '\nExample:\n  formwork list --json | head -1\n')
    .action(async (options: { json?: boolean }) => {
      const context = await CliContext.open();
      const runs = await describeAll(context, await knownRuns(context.store));
      if (options.json === true) for (const run of runs) process.stdout.write(`${JSON.stringify(run)}\n`);
      else if (runs.length === 0) process.stdout.write('no runs yet; npm start makes the first\n');
      else {
        const width = Math.max(...runs.map(({ runKey }) => runKey.length));
        for (const { runKey, state, since, message } of runs) {
          process.stdout.write(`${runKey.padEnd(width)}  ${state.padEnd(11)}  ${since.slice(0, 19)}  ${message}\n`);
        }
      }
    });

/** One connection for all; only of a run that is open is asked whether it is parked, since those are few. */
async function describeAll(context: CliContext, runs: readonly KnownRun[]): Promise<ListedRun[]> {
  const isOver = runs.every(({ owner, ended }) => owner === null || ended !== null);
  if (isOver || ((await context.control.running()) === null && configuredServer() === null))
    return Promise.all(runs.map((run) => listRun(null, run)));
  return context.withClient((client) => Promise.all(runs.map((run) => listRun(client, run))));
}
