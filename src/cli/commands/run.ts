import { Command } from 'commander';
import { LocalPlanner } from '../../platform/planning/local-planner.js';
import { ControlSession } from '../control-session.js';
import { EXIT, exitCodeOfOutcome } from '../exit-codes.js';
import { followRun, resultLines, runLink } from '../follow-run.js';
import { readRequest, type RequestOptions, requestOptions } from '../read-request.js';
import { newRunKey, startRun } from '../start-run.js';
import { StopRequest } from '../stop-request.js';

interface RunOptions extends RequestOptions {
  detach?: boolean;
  json?: boolean;
}

export const runCommand = (): Command =>
  requestOptions(new Command('run'))
    .description('check a request, start it, and watch it to its end')
    .argument('[request.json]', 'the request; without one, all defaults')
    .option('--detach', 'start only; server and worker stay up until formwork down')
    .option('--json', 'print the result as JSON, and progress on stderr')
    .addHelpText('after', '\nExample:\n  formwork run viggo.json --set training.epochs=4 --set runKey=viggo-4\n')
    .action(async (file: string | undefined, options: RunOptions) => {
      const request = await readRequest(file, options);
      // Everything that can be wrong is found here, before a server is started or a machine leased.
      await new LocalPlanner(process.cwd()).plan(request, 'run');
      const stop = new StopRequest();
      const session = await ControlSession.open({ forever: options.detach === true, setUp: true });
      try {
        process.exitCode = await session.withClient(async (client, server) => {
          const runKey = request.runKey ?? newRunKey(request.task, new Date());
          const { workflowId, wasOpen } = await startRun(client, runKey, request);
          const place = { store: session.context.home.store(), uiUrl: server.uiUrl, namespace: server.namespace, workflowId };
          const out = options.json === true ? process.stderr : process.stdout;
          out.write(`run ${runKey}${wasOpen ? ' is open already' : ''}, ${runLink(place) ?? server.address}\n`);
          if (options.detach === true) return EXIT.ok;
          const result = await followRun(client, workflowId, stop.signal);
          if (result === null) return EXIT.interrupted;
          if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
          else for (const line of resultLines(result, place)) process.stdout.write(`${line}\n`);
          return exitCodeOfOutcome[result.outcome];
        });
      } finally {
        await session.close(stop);
      }
    });
