import { WorkflowNotFoundError, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { Command } from 'commander';
import { Failure } from '../../domain/failures.js';
import { RETRY_UPDATE } from '../../domain/names.js';
import { CliContext } from '../context.js';
import { readAssignments, requestOptions, type RequestOptions } from '../read-request.js';
import { findRun } from '../run-watch.js';

/** The values are checked by an activity, which takes the plan from the store; no answer by then means that nobody works. */
const ANSWER_MS = 60_000;

export const retryCommand = (): Command =>
  requestOptions(new Command('retry'))
    .description('go on with a parked run at once, with those fields changed that formwork status names')
    .argument('<key>', 'run key')
    .addHelpText('after', '\nExample:\n  formwork retry viggo-4 --set training.microBatchRows=2\n')
    .action(async (runKey: string, options: RequestOptions) => {
      const set = readAssignments(options.set);
      const context = await CliContext.open();
      const answer = await context.withClient(async (client) => {
        const handle = await findRun(client, runKey);
        return client
          .withDeadline(Date.now() + ANSWER_MS, () => handle.executeUpdate<unknown, [object]>(RETRY_UPDATE, { args: [{ set }] }))
          .catch((error: unknown) => {
            throw refusal(error, runKey);
          });
      });
      process.stdout.write(`run ${runKey}: ${typeof answer === 'string' ? answer : JSON.stringify(answer)}\n`);
    });

/** What a person can do about an update that did not come through. */
function refusal(error: unknown, runKey: string): unknown {
  if (error instanceof WorkflowUpdateFailedError)
    return new Failure(
      'InvalidRequest',
      `run ${runKey} does not take it: ${error.cause?.message ?? error.message}`,
      {},
      { cause: error },
    );
  if (error instanceof WorkflowNotFoundError)
    return new Failure('InvalidRequest', `run ${runKey} is over; starting it again under its key goes on`, {}, { cause: error });
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
    return new Failure(
      'Unreachable',
      `run ${runKey} gave no answer within ${ANSWER_MS / 1000} s, and may still take it; npx formwork status ${runKey} says whether a control worker polls`,
      {},
      { cause: error },
    );
  return error;
}
