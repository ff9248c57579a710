import { Command } from 'commander';
import { CliContext } from '../context.js';
import { findRun } from '../run-watch.js';
import { callOff } from '../call-off.js';

export const cancelCommand = (): Command =>
  new Command('cancel')
    .description('end a run for good: ranks stop, logs are stored, machines are given back')
    .argument('<key>', 'run key')
    .addHelpText('after', '\nExample:\n  formwork cancel viggo-4\n')
    .action(async (runKey: string) => {
      const context = await CliContext.open();
      await context.withClient(async (client) => {
        const handle = await findRun(client, context.store, runKey);
        const { status: before } = await handle.describe();
        if (before.name !== 'RUNNING' && before.name !== 'PAUSED') {
          process.stdout.write(`run ${runKey}: ${await callOff(context.store, runKey, before.name.toLowerCase())}\n`);
          return;
        }
        await handle.cancel();
        await handle.result().catch(() => undefined);
        const { status } = await handle.describe();
        process.stdout.write(`run ${runKey}: ${status.name.toLowerCase()}\n`);
      });
    });
