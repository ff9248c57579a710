import { Command } from 'commander';
import { CliContext } from '../context.js';
import { exitCodeOfSituation } from '../exit-codes.js';
import { lookAtRun } from '../look-at-run.js';
import { situationLines } from '../situation-lines.js';

export const statusCommand = (): Command =>
  new Command('status')
    .description('why a run is where it is: stage, what it waits for, what was tried, nodes, last words of its ranks')
    .argument('<key>', 'run key')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nExample:\n  formwork status viggo-4\n')
    .action(async (runKey: string, options: { json?: boolean }) => {
      const situation = await lookAtRun(await CliContext.open(), runKey);
      const text = options.json === true ? JSON.stringify(situation, null, 2) : situationLines(situation).join('\n');
      process.stdout.write(`${text}\n`);
      process.exitCode = exitCodeOfSituation(situation);
    });
