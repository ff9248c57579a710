import { Command } from 'commander';
import { knownRuns, type KnownRun } from '../../platform/control/open-runs.js';
import { configuredServer } from '../../platform/temporal/connection.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { CliContext } from '../context.js';

interface ListedRun {
  runKey: string;
  state: string;
  since: string;
  message: string;
}

export const listCommand = (): Command =>
  new Command('list')
    .description('runs of this home, newest first')
    .option('--json', 'as JSON Lines')
    .addHelpText('after', '\nExample:\n  formwork list --json | head -1\n')
    .action(async (options: { json?: boolean }) => {
      const context = await CliContext.open();
      const runs = await Promise.all((await knownRuns(context.store)).map((run) => describe(context, run)));
      if (options.json === true) for (const run of runs) process.stdout.write(`${JSON.stringify(run)}\n`);
      else if (runs.length === 0) process.stdout.write('no runs yet; npm start makes the first\n');
      else {
        const width = Math.max(...runs.map(({ runKey }) => runKey.length));
        for (const { runKey, state, since, message } of runs) {
          process.stdout.write(`${runKey.padEnd(width)}  ${state.padEnd(11)}  ${since.slice(0, 19)}  ${message}\n`);
        }
      }
    });

async function describe(context: CliContext, { runKey, owner, ended }: KnownRun): Promise<ListedRun> {
  if (ended !== null) return { runKey, state: ended.outcome, since: ended.endedAt, message: ended.message };
  if (owner === null) return { runKey, state: 'unclaimed', since: '', message: 'no execution has claimed it' };
  const state =
    (await context.control.running()) === null && configuredServer() === null
      ? 'unknown'
      : await context.withClient((client) => new TemporalRunDirectory(client).stateOf(owner.workflowId));
  const message =
    state === 'open' ? '' : state === 'closed' ? 'can be gone on with: start it again under its key' : 'no server is up to ask';
  return { runKey, state: state === 'closed' ? 'interrupted' : state, since: owner.claimedAt, message };
}
