import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { knownRuns, type KnownRun } from '../../platform/control/open-runs.js';
import { configuredServer } from '../../platform/temporal/connection.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { CliContext } from '../context.js';
import { parkedLine } from '../parked-line.js';
import { askStatus } from '../run-watch.js';

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
    return Promise.all(runs.map((run) => describe(null, run)));
  return context.withClient((client) => Promise.all(runs.map((run) => describe(client, run))));
}

async function describe(client: Client | null, { runKey, owner, ended }: KnownRun): Promise<ListedRun> {
  if (ended !== null) return { runKey, state: ended.outcome, since: ended.endedAt, message: ended.message };
  if (owner === null) return { runKey, state: 'unclaimed', since: '', message: 'no execution has claimed it' };
  const since = owner.claimedAt;
  if (client === null) return { runKey, state: 'unknown', since, message: 'no server is up to ask' };
  const state = await new TemporalRunDirectory(client).stateOf(owner.workflowId);
  if (state === 'unknown') return { runKey, state, since, message: 'the server does not know it' };
  if (state === 'closed')
    return { runKey, state: 'interrupted', since, message: 'can be gone on with: start it again under its key' };
  const status = await askStatus(client, owner.workflowId).catch(() => null);
  if (status === null) return { runKey, state, since, message: `gives no answer; npx formwork status ${runKey} says why` };
  if (status.parked !== null)
    return { runKey, state: 'parked', since: status.parked.since, message: parkedLine(runKey, status.parked) };
  return { runKey, state, since, message: '' };
}
