import { Command } from 'commander';
import { CliContext } from '../context.js';
import { listRuns } from '../list-runs.js';

export const listCommand = (): Command =>
  new Command('list')
    .description('runs of this home, newest first')
    .option('--json', 'as JSON Lines')
    .addHelpText('after', '\nExample:\n  formwork list --json | head -1\n')
    .action(async (options: { json?: boolean }) => {
      const { runs, problem } = await listRuns(await CliContext.open());
      if (problem !== null) process.stderr.write(`by the store alone, since the server could not be asked: ${problem}\n`);
      if (options.json === true) for (const run of runs) process.stdout.write(`${JSON.stringify(run)}\n`);
      else if (runs.length === 0) process.stdout.write('no runs yet; npm start makes the first\n');
      else {
        const width = Math.max(...runs.map(({ runKey }) => runKey.length));
        for (const { runKey, state, since, message } of runs) {
          process.stdout.write(`${runKey.padEnd(width)}  ${state.padEnd(11)}  ${since.slice(0, 19)}  ${message}\n`);
        }
      }
    });
