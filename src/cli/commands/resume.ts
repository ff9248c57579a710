import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import type { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import { runWorkflowId } from '../../domain/names.js';
import { requestOf } from '../../domain/recovery.js';
import { FREE_TO_CHANGE, requestDifferences } from '../../domain/request-differences.js';
import { resumableRun, type ResumableRun } from '../../platform/control/resumable-run.js';
import { parseRequest } from '../../platform/planning/local-planner.js';
import { configuredServer } from '../../platform/temporal/connection.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { requestOnServer } from '../../platform/temporal/unclaimed-runs.js';
import { carryRun, type CarryOptions, type RunToCarry } from '../carry-run.js';
import { CliContext } from '../context.js';
import type { ControlSession } from '../control-session.js';
import { assignAll, requestOptions, type RequestOptions } from '../read-request.js';
import { requestPlanner } from '../request-planner.js';
import { leasedNodes, refuseWhileLeased, takeOverRun } from '../take-over-run.js';

interface ResumeOptions extends RequestOptions, CarryOptions {
  takeOver?: boolean;
}

export const resumeCommand = (): Command =>
  requestOptions(new Command('resume'))
    .description('go on with a run that failed, was stopped, cancelled or terminated, or whose server is lost')
    .argument('<key>', 'run key')
    .option('--take-over', 'the Temporal server that knows the run is lost; refused while its machines may still be leased')
    .option('--detach', 'start only; server and worker stay up until formwork down')
    .option('--json', 'print the result as JSON, and progress on stderr')
    .addHelpText('after', '\nExample:\n  formwork resume viggo-4 --set deadlineMinutes=480\n')
    .action(async (runKey: string, options: ResumeOptions) => {
      const context = await CliContext.open();
      const run = await resumableRun(context.store, runKey);
      if (run === null) {
        process.exitCode = await startAgain(context, runKey, options);
        return;
      }
      if (run.ended?.outcome === 'completed')
        throw new Failure('InvalidRequest', `run ${runKey} is completed; formwork report ${runKey} says where its report lies`);
      const request = changed(run, runKey, options.set);
      await requestPlanner().plan(request, 'run');
      // Before a control plane is started: one that is started for this alone ends, when it goes, what is left of nodes.
      if (options.takeOver === true) await refuseWhileLeased(context, runKey);
      const check: RunToCarry['check'] = (client, session) => checkOwner(client, session, runKey, run, options.takeOver === true);
      const join = (): void => refuseValues(runKey, options.set);
      process.exitCode = await carryRun({ runKey, workflowId: run.owner.workflowId, request, check, join }, options);
    });

/** A run that was refused before it was claimed has left its request on the server alone. */
async function startAgain(context: CliContext, runKey: string, options: ResumeOptions): Promise<number> {
  const isUp = (await context.control.running()) !== null || configuredServer() !== null;
  const given = isUp ? await context.withClient((client) => requestOnServer(client, runKey)) : null;
  if (given === null) {
    const server = isUp ? 'nor does the server know one' : 'and no server is up to ask: formwork up starts it';
    throw new Failure('InvalidRequest', `${context.store.uri} has no run ${runKey}, ${server}; formwork list shows the runs`);
  }
  const request = parseRequest(assignAll({ ...given, runKey }, options.set));
  await requestPlanner().plan(request, 'run');
  const join = (): void => refuseValues(runKey, options.set);
  return carryRun({ runKey, workflowId: runWorkflowId(runKey), request, join }, options);
}

/** As the last person asked for it, with single fields set. @throws Failure InvalidRequest when that were other work. */
function changed({ plan, request: first }: ResumableRun, runKey: string, set: readonly string[]): FineTuningRequest {
  const request = parseRequest(assignAll(structuredClone(requestOf(plan, runKey)), set));
  const different = requestDifferences(first, request);
  if (different.length > 0)
    throw new Failure(
      'InvalidRequest',
      `run ${runKey} cannot go on with another ${different.join(', ')}: that is other work, for another run key; --set takes ${[...FREE_TO_CHANGE].join(', ')}`,
    );
  return request;
}

/** An open run goes on as it is. */
function refuseValues(runKey: string, set: readonly string[]): void {
  if (set.length === 0) return;
  throw new Failure(
    'InvalidRequest',
    `run ${runKey} is open: ${set.join(', ')} would change nothing; watch it with formwork watch ${runKey}, or, where it is parked, use formwork retry`,
  );
}

async function checkOwner(
  client: Client,
  session: ControlSession,
  runKey: string,
  { owner }: ResumableRun,
  takeOver: boolean,
): Promise<void> {
  const server = await new TemporalRunDirectory(client).serverId();
  if (owner.server === server) {
    if (!takeOver) return;
    throw new Failure(
      'InvalidRequest',
      `run ${runKey} was claimed on this very server: there is nothing to take over; leave --take-over out`,
    );
  }
  if (takeOver) return takeOverRun(session.context, runKey, owner.fence);
  // Whoever claims the run asks this server.
  if (owner.server === null) return;
  // A control plane that was started for this alone would end them when it goes.
  if ((await leasedNodes(session.context, runKey)).length > 0) await session.stayUp();
  throw new Failure(
    'RunKeyInUse',
    `run ${runKey} belongs to another Temporal server, or to a database that is gone; where that one is lost, npx formwork resume ${runKey} --take-over goes on`,
  );
}
