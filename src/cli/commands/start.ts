import { Command } from 'commander';
import { FineTuningRequest } from '../../contract/request.js';
import { runWorkflowId, STOP_UPDATE } from '../../domain/names.js';
import { isOfServer } from '../../domain/recovery.js';
import { requestDifferences } from '../../domain/request-differences.js';
import { runPage } from '../../domain/run-page.js';
import { runKeys } from '../../domain/store-keys.js';
import { knownRuns } from '../../platform/control/open-runs.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { startRun } from '../../platform/temporal/start-run.js';
import type { CliContext } from '../context.js';
import { ControlSession } from '../control-session.js';
import { EXIT, exitCodeOfOutcome } from '../exit-codes.js';
import { followRun, leftParked, resultLines } from '../follow-run.js';
import { narration } from '../narration.js';
import { newRunKey } from '../new-run-key.js';
import { requestPlanner } from '../request-planner.js';
import { readRequest, requestOptions, type RequestOptions } from '../read-request.js';
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
      await requestPlanner().plan(request, 'run');
      const stop = new StopRequest();
      const told = narration();
      const session = await ControlSession.open({ forever: false, narration: told });
      const { context } = session;
      try {
        process.exitCode = await session.withClient(async (client, server) => {
          const serverId = await new TemporalRunDirectory(client).serverId();
          const unfinished = options.fresh === true ? null : await unfinishedRun(context, serverId, request);
          const runKey = unfinished ?? newRunKey('practice', new Date());
          const workflowId = runWorkflowId(runKey);
          const { wasOpen } = await startRun(client, workflowId, request);
          if (unfinished !== null)
            told.say(`going on with run ${runKey}${wasOpen ? ', which is open' : ''} (--fresh begins a new one)`);
          else told.say(`run ${runKey}`);
          const place = { store: context.home.store(), uiUrl: server.uiUrl, namespace: server.namespace, workflowId };
          told.say(`watch it at ${runPage(place) ?? server.address}`);
          const result = await followRun(client, workflowId, told, stop.signal);
          if (result === null && !stop.signal.aborted) {
            await session.stayUp();
            told.say(leftParked(runKey));
            return EXIT.parked;
          }
          if (result === null) {
            // Others may hold the control plane: then it stays, and this run alone is stopped.
            if (!wasOpen) await client.workflow.getHandle(workflowId).executeUpdate(STOP_UPDATE);
            return EXIT.interrupted;
          }
          for (const line of resultLines(result, place)) told.say(line);
          return exitCodeOfOutcome[result.outcome];
        });
        if (!stop.signal.aborted && options.exit !== true && told.isLive) {
          told.say('server and worker stay up until Ctrl-C');
          await stop.asked;
        }
      } finally {
        await session.close(stop);
      }
    });

/** The newest run of this very request that nobody has ended, and that this server knows. */
async function unfinishedRun(context: CliContext, serverId: string, wanted: FineTuningRequest): Promise<string | null> {
  for (const run of await knownRuns(context.store)) {
    const { owner, ended, runKey } = run;
    if (owner === null || !isOfServer(owner, serverId) || ended !== null || owner.workflowId !== runWorkflowId(runKey)) continue;
    const request = await context.store.get(runKeys.request(run.runKey));
    if (request === null) continue;
    const known = FineTuningRequest.safeParse(JSON.parse(request.toString('utf8')));
    if (known.success && requestDifferences(known.data, wanted).length === 0) return run.runKey;
  }
  return null;
}
