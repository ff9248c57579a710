import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_KINDS, type FailureKind } from '../src/contract/kinds.js';

/** What went wrong, looked for under the wrappings of activities and children. */
export function failureOf(error: unknown): { kind: FailureKind; message: string } {
  const cause = rootOf(error);
  if (cause instanceof ApplicationFailure && FAILURE_KINDS.includes(cause.type as FailureKind)) {
    return { kind: cause.type as FailureKind, message: cause.message };
  }
  if (cause instanceof TimeoutFailure) return { kind: 'Unreachable', message: `no answer in time (${cause.timeoutType})` };
  return { kind: 'RunnerCrashed', message: cause instanceof Error ? cause.message : String(cause) };
}

function rootOf(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** The timeout inside an activity's failure, or null. */
export function timeoutOf(error: unknown): TimeoutFailure | null {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure ? error.cause : null;
}

/** Ends the workflow with a failure of our list; thrown as it is, since a plain error would only fail the task, for ever. */
export function fail(kind: FailureKind, message: string): never {
  throw ApplicationFailure.create({ type: kind, message, nonRetryable: true });
}
