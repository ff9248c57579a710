import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { runKeys } from '../../domain/store-keys.js';
import { CliContext } from '../context.js';
import { ledgerLines } from '../ledger-lines.js';

export const ledgerCommand = (): Command =>
  new Command('ledger')
    .description('what a run has paid and what for: by cause, stage and node')
    .argument('<key>', 'run key')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nExample:\n  formwork ledger viggo-4\n')
    .action(async (runKey: string, options: { json?: boolean }) => {
      const context = await CliContext.open();
      if ((await context.store.get(runKeys.request(runKey))) === null) {
        throw new Failure('InvalidRequest', `${context.store.uri} has no run ${runKey}; formwork list shows the runs`);
      }
      const ledger = await context.ledger().read(runKey);
      process.stdout.write(`${options.json === true ? JSON.stringify(ledger, null, 2) : ledgerLines(ledger).join('\n')}\n`);
    });
