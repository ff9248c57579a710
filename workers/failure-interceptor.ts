import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import { ServiceError, isGrpcServiceError } from '@temporalio/client';
import { Failure, FAILURES } from '../src/domain/failures.js';

/** The one place where our failures become the server's: their kind is the type that workflows read, and decides who retries. */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      throw asApplicationFailure(error);
    }
  }
}

export function asApplicationFailure(error: unknown): unknown {
  // A cancellation, and what has its final form already.
  if (error instanceof TemporalFailure || (error as Error).name === 'AbortError') return error;
  const failure = error instanceof Failure ? error : classify(error as NodeJS.ErrnoException);
  return ApplicationFailure.create({
    type: failure.kind,
    message: failure.message,
    nonRetryable: FAILURES[failure.kind].retry !== 'policy',
    details: [failure.facts],
    cause: failure,
  });
}

/** What no part of ours has named: the machine's own errors by their code, anything else is a defect, and a defect is not retried for ever. */
function classify(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return new Failure('DiskFull', error.message, {}, { cause: error });
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS') {
    return new Failure('AccessDenied', error.message, {}, { cause: error });
  }
  if (error instanceof ServiceError || isGrpcServiceError(error))
    return new Failure('Unreachable', error.message, {}, { cause: error });
  return new Failure('Defect', `${error.name}: ${error.message}`, {}, { cause: error });
}
