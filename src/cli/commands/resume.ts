import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import type { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import { requestOf } from '../../domain/recovery.js';
import { FREE_TO_CHANGE, requestDifferences } from '../../domain/request-differences.js';
import { resumableRun, type ResumableRun } from '../../platform/control/resumable-run.js';
import { parseRequest } from '../../platform/planning/local-planner.js';
import { TemporalRunDirectory } from '../../platform/temporal/run-directory.js';
import { carryRun, type CarryOptions } from '../carry-run.js';
import { CliContext } from '../context.js';
import { assignAll, requestOptions, type RequestOptions } from '../read-request.js';
import { requestPlanner } from '../request-planner.js';
import { refuseWhileLeased, takeOverRun } from '../take-over-run.js';

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
      if (run === null)
        throw new Failure('InvalidRequest', `${context.store.uri} has no run ${runKey}; formwork list shows the runs`);
      if (run.ended?.outcome === 'completed')
        throw new Failure('InvalidRequest', `run ${runKey} is completed; formwork report ${runKey} says where its report lies`);
      const request = changed(run, runKey, options.set);
      await requestPlanner().plan(request, 'run');
      // Before a control plane is started: one that is started for this alone ends, when it goes, what is left of nodes.
      if (options.takeOver === true) await refuseWhileLeased(context, runKey);
      const check = (client: Client): Promise<void> => checkOwner(context, client, runKey, run, options.takeOver === true);
      process.exitCode = await carryRun({ runKey, workflowId: run.owner.workflowId, request, check }, options);
    });

/** As the last person asked for it, with single fields set. @throws Failure InvalidRequest when that were other work. */
function changed({ plan, request: first }: ResumableRun, runKey: string, set: readonly string[]): FineTuningRequest {
  const request = parseRequest(assignAll(structuredClone(requestOf(plan)), set));
  const different = requestDifferences(first, request);
  if (different.length > 0)
    throw new Failure(
      'InvalidRequest',
      `run ${runKey} cannot go on with another ${different.join(', ')}: that is other work, for another run key; --set takes ${[...FREE_TO_CHANGE].join(', ')}`,
    );
  return request;
}

async function checkOwner(
  context: CliContext,
  client: Client,
  runKey: string,
  { owner }: ResumableRun,
  takeOver: boolean,
): Promise<void> {
  const server = await new TemporalRunDirectory(client).serverId();
  if (owner.server !== server && takeOver) await takeOverRun(context, runKey, owner.fence);
  else if (owner.server !== server)
    throw new Failure(
      'RunKeyInUse',
      `run ${runKey} belongs to another Temporal server, or to a database that is gone; where that one is lost, npx formwork resume ${runKey} --take-over goes on`,
    );
  else if (takeOver)
    throw new Failure('InvalidRequest', `this server knows run ${runKey}: there is nothing to take over; leave --take-over out`);
}
