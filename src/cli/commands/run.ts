import { Command } from 'commander';
import { FineTuningRequest } from '../../contract/request.js';
import { Failure } from '../../domain/failures.js';
import { runWorkflowId } from '../../domain/names.js';
import { requestDifferences } from '../../domain/request-differences.js';
import { runKeys } from '../../domain/store-keys.js';
import { carryRun, type CarryOptions } from '../carry-run.js';
import { CliContext } from '../context.js';
import { newRunKey } from '../new-run-key.js';
import { requestPlanner } from '../request-planner.js';
import { readRequest, type RequestOptions, requestOptions } from '../read-request.js';

export const runCommand = (): Command =>
  requestOptions(new Command('run'))
    .description('check a request, start it, and watch it to its end')
    .argument('[request.json]', 'the request; without one, all defaults')
    .option('--detach', 'start only; server and worker stay up until formwork down')
    .option('--json', 'print the result as JSON, and progress on stderr')
    .addHelpText('after', '\nExample:\n  formwork run viggo.json --set training.epochs=4 --set runKey=viggo-4\n')
    .action(async (file: string | undefined, options: RequestOptions & CarryOptions) => {
      const request = await readRequest(file, options);
      // Everything that can be wrong is found here, before a server is started or a machine leased.
      await requestPlanner().plan(request, 'run');
      const runKey = request.runKey ?? newRunKey(request.task, new Date());
      const join = (): Promise<void> => refuseOtherWork(runKey, request);
      process.exitCode = await carryRun({ runKey, workflowId: runWorkflowId(runKey), request, join }, options);
    });

/** An open run is joined only by who asks for the same. */
async function refuseOtherWork(runKey: string, request: FineTuningRequest): Promise<void> {
  const { store } = await CliContext.open();
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
