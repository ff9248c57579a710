import { Command } from 'commander';
import { CliContext } from '../context.js';
import { EXIT, exitCodeOfOutcome } from '../exit-codes.js';
import { followRun, resultLines } from '../follow-run.js';
import { narration } from '../narration.js';
import { findRun } from '../run-watch.js';
import { StopRequest } from '../stop-request.js';

export const watchCommand = (): Command =>
  new Command('watch')
    .description('watch a run to its end; Ctrl-C ends the watching, not the run')
    .argument('<key>', 'run key')
    .option('--json', 'print the result as JSON, and progress on stderr')
    .addHelpText('after', '\nExample:\n  formwork watch viggo-4\n')
    .action(async (runKey: string, options: { json?: boolean }) => {
      const stop = new StopRequest();
      const told = narration(options);
      const context = await CliContext.open();
      process.exitCode = await context.withClient(async (client, { uiUrl, namespace }) => {
        const { workflowId } = await findRun(client, context.store, runKey);
        const result = await followRun(client, workflowId, told, stop.signal);
        if (result === null) return stop.signal.aborted ? EXIT.ok : EXIT.parked;
        const place = { store: context.home.store(), uiUrl, namespace, workflowId };
        if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
        else for (const line of resultLines(result, place)) told.say(line);
        return exitCodeOfOutcome[result.outcome];
      });
    });
