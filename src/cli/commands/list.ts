import { Command } from 'commander';
import { runKeyOf } from '../../domain/names.js';
import { knownRuns, type KnownRun } from '../../platform/control/open-runs.js';
import { configuredServer } from '../../platform/temporal/connection.js';
import { unclaimedRuns } from '../../platform/temporal/unclaimed-runs.js';
import { CliContext } from '../context.js';
import { listRun, type ListedRun } from '../list-run.js';
import { unclaimedRun } from '../unclaimed-run.js';

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

/** By the store, and by the server where one is up: one connection for all, and only an open run is asked whether it is parked. */
async function describeAll(context: CliContext, runs: readonly KnownRun[]): Promise<ListedRun[]> {
  if ((await context.control.running()) === null && configuredServer() === null)
    return Promise.all(runs.map((run) => listRun(null, run)));
  return context.withClient(async (client) => {
    const isClaimed = new Set(runs.flatMap(({ runKey, owner }) => (owner === null ? [] : [runKey])));
    const others = (await unclaimedRuns(client)).filter(({ workflowId }) => !isClaimed.has(runKeyOf(workflowId)));
    const isOnServer = new Set(others.map(({ workflowId }) => runKeyOf(workflowId)));
    const stored = runs.filter(({ runKey }) => !isOnServer.has(runKey));
    const listed = await Promise.all([
      ...others.map(async (run) => ({ at: run.startedAt, run: await unclaimedRun(client, run) })),
      ...stored.map(async (run) => ({ at: run.owner?.claimedAt ?? '', run: await listRun(client, run) })),
    ]);
    return listed.sort((a, b) => b.at.localeCompare(a.at)).map(({ run }) => run);
  });
}
