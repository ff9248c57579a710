import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { FAILURE_KINDS, type FailureKind } from '../../contract/kinds.js';
import type { RunResult } from '../../contract/run.js';
import { Failure } from '../../domain/failures.js';
import { runKeyOf } from '../../domain/names.js';

/** What came of a run, as soon as it is over. @throws Failure with the kind the run failed of. */
export async function runEnd(handle: WorkflowHandle): Promise<RunResult> {
  try {
    return (await handle.result()) as RunResult;
  } catch (error) {
    if (error instanceof WorkflowFailedError && rootOf(error.cause) instanceof CancelledFailure)
      return cancelledRun(handle.workflowId);
    throw asFailure(error);
  }
}

const cancelledRun = (workflowId: string): RunResult => ({
  runKey: runKeyOf(workflowId),
  outcome: 'cancelled',
  message: 'the run was cancelled',
  chosenEpoch: null,
  test: null,
  weightsSha256: null,
  reportKey: null,
});

/** The reason of a run's failure, under the wrappings of activities and children. */
function rootOf(cause: Error | undefined): Error | undefined {
  const wraps = cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure;
  return wraps && cause.cause !== undefined ? rootOf(cause.cause) : cause;
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const cause = rootOf(error.cause);
  if (cause instanceof TerminatedFailure) return new Failure('Interrupted', 'the run was terminated; its lease ends the machines');
  if (cause instanceof TimeoutFailure)
    return new Failure('Interrupted', 'the run met the timeout that it was started with; its lease ends the machines');
  if (cause instanceof ApplicationFailure && FAILURE_KINDS.includes(cause.type as FailureKind)) {
    return new Failure(cause.type as FailureKind, cause.message, {}, { cause: error });
  }
  return new Failure('Defect', cause?.message ?? error.message, {}, { cause: error });
}
