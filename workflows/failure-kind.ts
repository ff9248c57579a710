import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_KINDS, type FailureKind } from '../src/contract/kinds.js';

export interface KnownFailure {
  kind: FailureKind;
  message: string;
  /** Nobody is waited for: it was asked for in the plan. */
  isFinal: boolean;
}

/** What went wrong, looked for under the wrappings of activities and children. */
export function failureOf(error: unknown): KnownFailure {
  const { cause, child } = rootOf(error);
  if (cause instanceof ApplicationFailure && FAILURE_KINDS.includes(cause.type as FailureKind)) {
    const facts = cause.details?.[0] as { isFinal?: boolean } | null | undefined;
    return { kind: cause.type as FailureKind, message: cause.message, isFinal: facts?.isFinal === true };
  }
  const isFinal = false;
  if (cause instanceof TerminatedFailure)
    return { kind: 'Interrupted', message: `somebody has terminated ${child ?? 'a workflow of the run'}`, isFinal };
  if (cause instanceof TimeoutFailure) return { kind: 'Unreachable', message: `no answer in time (${cause.timeoutType})`, isFinal };
  return { kind: 'RunnerCrashed', message: cause instanceof Error ? cause.message : String(cause), isFinal };
}

/** With the workflow id of the innermost child that it came through. */
function rootOf(error: unknown, child: string | null = null): { cause: unknown; child: string | null } {
  const through = error instanceof ChildWorkflowFailure ? (error.execution.workflowId ?? child) : child;
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause !== undefined ? rootOf(error.cause, through) : { cause: error, child: through };
}

/** The timeout inside an activity's failure, or null. */
export function timeoutOf(error: unknown): TimeoutFailure | null {
  return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure ? error.cause : null;
}

/** Ends the workflow with a failure of our list; thrown as it is, since a plain error would only fail the task, for ever. */
export function fail(kind: FailureKind, message: string, isFinal = false): never {
  throw ApplicationFailure.create({ type: kind, message, nonRetryable: true, details: [{ isFinal }] });
}
