import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import type { FineTuningRequest } from '../../contract/request.js';
import { runWorkflowId, STOP_UPDATE } from '../../domain/names.js';
import { runKeys } from '../../domain/store-keys.js';
import { knownRuns } from '../../platform/control/open-runs.js';
import { LocalPlanner } from '../../platform/planning/local-planner.js';
import type { CliContext } from '../context.js';
import { ControlSession } from '../control-session.js';
import { EXIT, exitCodeOfOutcome } from '../exit-codes.js';
import { followRun, resultLines, runLink } from '../follow-run.js';
import { readRequest, requestOptions, type RequestOptions } from '../read-request.js';
import { newRunKey, startRun } from '../start-run.js';
import { StopRequest } from '../stop-request.js';

interface StartOptions extends RequestOptions {
  fresh?: boolean;
  exit?: boolean;
}

/** `npm start`: everything, from nothing to a report, with the built-in practice task. */
export const startCommand = (): Command =>
  requestOptions(new Command('start'))
    .description('set up what is missing, then run the built-in practice job to its end (npm start)')
    .option('--fresh', 'begin a new run instead of going on with an unfinished one')
    .option('--exit', 'end when the run has ended, also on a terminal')
    .addHelpText('after', '\nExample:\n  npm start -- --fresh --exit\n')
    .action(async (options: StartOptions) => {
      const request = await readRequest(undefined, options);
      await new LocalPlanner(process.cwd()).plan(request, 'run');
      const stop = new StopRequest();
      const session = await ControlSession.open({ forever: false, setUp: true });
      const { context } = session;
      try {
        const unfinished = options.fresh === true ? null : await unfinishedRun(context, request);
        const runKey = unfinished ?? newRunKey('practice', new Date());
        process.exitCode = await session.withClient(async (client, server) => {
          const { workflowId, wasOpen } = await startRun(client, runKey, request);
          if (unfinished !== null) say(`going on with run ${runKey}${wasOpen ? ', which is open' : ''} (--fresh begins a new one)`);
          else say(`run ${runKey}`);
          const place = { store: context.home.store(), uiUrl: server.uiUrl, namespace: server.namespace, workflowId };
          say(`watch it at ${runLink(place) ?? server.address}`);
          const result = await followRun(client, workflowId, stop.signal);
          if (result === null) {
            // Others may hold the control plane: then it stays, and this run alone is stopped.
            if (!wasOpen) await client.workflow.getHandle(workflowId).executeUpdate(STOP_UPDATE);
            return EXIT.interrupted;
          }
          for (const line of resultLines(result, place)) process.stdout.write(`${line}\n`);
          return exitCodeOfOutcome[result.outcome];
        });
        if (!stop.signal.aborted && options.exit !== true && process.stdout.isTTY) {
          say('server and worker stay up until Ctrl-C');
          await stop.asked;
        }
      } finally {
        await session.close(stop);
      }
    });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The newest run of this very request that nobody has ended. */
async function unfinishedRun(context: CliContext, wanted: FineTuningRequest): Promise<string | null> {
  for (const run of await knownRuns(context.store)) {
    if (run.ended !== null || run.owner?.workflowId !== runWorkflowId(run.runKey)) continue;
    const request = await context.store.get(runKeys.request(run.runKey));
    if (request !== null && isDeepStrictEqual(JSON.parse(request.toString('utf8')), wanted)) return run.runKey;
  }
  return null;
}
