import { Command } from 'commander';
import { CliContext } from '../context.js';
import { readAssignments, requestOptions, type RequestOptions } from '../read-request.js';
import { retryRun } from '../retry-run.js';

export const retryCommand = (): Command =>
  requestOptions(new Command('retry'))
    .description('go on with a parked run at once, with those fields changed that formwork status names')
    .argument('<key>', 'run key')
    .addHelpText('after', '\nExample:\n  formwork retry viggo-4 --set training.microBatchRows=2\n')
    .action(async (runKey: string, options: RequestOptions) => {
      const set = readAssignments(options.set);
      const context = await CliContext.open();
      const answer = await context.withClient((client) => retryRun(client, context.store, runKey, set));
      process.stdout.write(`run ${runKey}: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}\n`);
    });
