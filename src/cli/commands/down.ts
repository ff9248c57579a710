import { Command } from 'commander';
import { lockHolder } from '../../platform/lock.js';
import { isAlive, sendSignal } from '../../platform/process/process-identity.js';
import { waitUntil } from '../../platform/process/wait-until.js';
import { CliContext } from '../context.js';
import { endLeftOver } from '../end-left-over.js';
import { StopRequest } from '../stop-request.js';
import { EXIT } from '../exit-codes.js';

/** Longer than the control host itself waits for runs to stop. */
const DOWN_MS = 240_000;

export const downCommand = (): Command =>
  new Command('down')
    .description('stop open runs after a checkpoint, then nodes, worker and server')
    .option('--now', 'do not wait for checkpoints')
    .addHelpText('after', '\nExample:\n  formwork down\n')
    .action(async (options: { now?: boolean }) => {
      const stop = new StopRequest();
      const context = await CliContext.open();
      const { control } = context;
      const running = await control.running();
      await control.letAllGo();
      // One that is coming up, or stopping already, has no record, and its lock all the same.
      const host = running?.host ?? (await lockHolder(control.lock()));
      if (host === null) {
        process.exitCode = await endLeftOver(context, options.now === true, (line) => process.stdout.write(`${line}\n`));
        return;
      }
      await sendSignal(host, 'SIGTERM');
      // Another signal than the first: two equal ones that are pending become one.
      const hurry = (): void => void sendSignal(host, 'SIGINT');
      if (options.now === true) hurry();
      stop.signal.addEventListener('abort', hurry);
      const gone = await waitUntil(async () => !(await isAlive(host)), { timeoutMs: DOWN_MS, everyMs: 100 });
      process.stdout.write(gone === null ? `still stopping; see ${control.log('host')}\n` : 'stopped\n');
      if (gone === null) process.exitCode = EXIT.failed;
    });
