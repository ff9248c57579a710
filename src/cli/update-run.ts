import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { Failure } from '../domain/failures.js';
import type { ObjectStore } from '../platform/object-store/port.js';
import { findRun } from './run-watch.js';

/** The values are checked by an activity, which takes the plan from the store; no answer by then means that nobody works. */
const ANSWER_MS = 60_000;

/** Sends an update to a run. @returns what the run says to it. @throws Failure with the words of a run that refuses it. */
export async function updateRun(
  client: Client,
  store: ObjectStore,
  runKey: string,
  update: string,
  argument: object,
): Promise<unknown> {
  const handle = await findRun(client, store, runKey);
  try {
    return await client.withDeadline(Date.now() + ANSWER_MS, () =>
      handle.executeUpdate<unknown, [object]>(update, { args: [argument] }),
    );
  } catch (error) {
    throw refusal(error, runKey);
  }
}

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
