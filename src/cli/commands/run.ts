import { Command } from 'commander';
import { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import { requestDifferences } from '../../domain/request-differences.js';
import { runPage } from '../../domain/run-page.js';
import { runKeys } from '../../domain/store-keys.js';
import type { ObjectStore } from '../../platform/object-store/port.js';
import { ControlSession } from '../control-session.js';
import { EXIT, exitCodeOfOutcome } from '../exit-codes.js';
import { followRun, leftParked, resultLines } from '../follow-run.js';
import { narration } from '../narration.js';
import { requestPlanner } from '../request-planner.js';
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
      await requestPlanner().plan(request, 'run');
      const stop = new StopRequest();
      const told = narration(options);
      const session = await ControlSession.open({ forever: options.detach === true, narration: told });
      try {
        process.exitCode = await session.withClient(async (client, server) => {
          const runKey = request.runKey ?? newRunKey(request.task, new Date());
          const { workflowId, wasOpen } = await startRun(client, runKey, request);
          if (wasOpen) await refuseOtherWork(session.context.store, runKey, request);
          const place = { store: session.context.home.store(), uiUrl: server.uiUrl, namespace: server.namespace, workflowId };
          told.say(`run ${runKey}${wasOpen ? ' is open already' : ''}, ${runPage(place) ?? server.address}`);
          if (options.detach === true) return EXIT.ok;
          const result = await followRun(client, workflowId, told, stop.signal);
          if (result === null && !stop.signal.aborted) {
            await session.stayUp();
            told.say(leftParked(runKey));
            return EXIT.parked;
          }
          if (result === null) {
            told.say(`run ${runKey} goes on as long as others keep the server up; formwork cancel ${runKey} ends it`);
            return EXIT.interrupted;
          }
          if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
          else for (const line of resultLines(result, place)) told.say(line);
          return exitCodeOfOutcome[result.outcome];
        });
      } finally {
        await session.close(stop);
      }
    });

/** An open run is joined only by who asks for the same. */
async function refuseOtherWork(store: ObjectStore, runKey: string, request: FineTuningRequest): Promise<void> {
  const first = await store.get(runKeys.request(runKey));
  // Not claimed yet: the run itself will refuse what does not fit.
  if (first === null) return;
  const different = requestDifferences(FineTuningRequest.parse(JSON.parse(first.toString('utf8'))), request);
  if (different.length === 0) return;
  throw new Failure(
    'InvalidRequest',
    `run ${runKey} is open with another request; they differ in ${different.join(', ')}; watch it with formwork watch ${runKey}, or choose another run key`,
  );
}
