import type { FailureKind } from '../contract/kinds.js';

/** What becomes of a failure of this kind when an activity meets it. */
type RetryClass = 'never' | 'policy' | 'workflow';

interface FailureRule {
  retry: RetryClass;
  /** What a person can do about it. */
  remedy: string;
}

/**
 * `never`: the server does not retry the activity; the run ends, or waits for a person.
 * `policy`: the activity's own retry policy applies.
 * `workflow`: not retried as it is; the workflow decides (another gang, another offering).
 */
export const FAILURES: Record<FailureKind, FailureRule> = {
  InvalidRequest: { retry: 'never', remedy: 'correct the named fields and start again' },
  InvalidData: { retry: 'never', remedy: 'correct the named row or file and start again' },
  DoesNotFit: { retry: 'never', remedy: 'change the named number, or ask for more memory or more ranks' },
  BudgetExceeded: { retry: 'never', remedy: 'raise the limit that was met' },
  RunKeyInUse: { retry: 'never', remedy: 'choose another run key, or wait for the other execution to close' },
  EnvironmentNotReady: { retry: 'never', remedy: 'mend what is named, then start again; formwork doctor checks it' },
  CapacityUnavailable: { retry: 'workflow', remedy: 'wait, or allow other offerings' },
  QuotaExceeded: { retry: 'never', remedy: 'ask the provider for a higher quota' },
  AccessDenied: { retry: 'never', remedy: 'give the named permission' },
  Throttled: { retry: 'policy', remedy: 'nothing; it is tried again more slowly' },
  Unreachable: { retry: 'policy', remedy: 'nothing; it is tried again' },
  NodeLost: { retry: 'workflow', remedy: 'nothing; the node is replaced and training resumes from the newest checkpoint' },
  Hang: { retry: 'workflow', remedy: 'look at the stacks in the logs of the ranks if it comes again' },
  LostPeer: { retry: 'workflow', remedy: 'nothing; the cause is with the other rank' },
  RankKilled: { retry: 'workflow', remedy: 'nothing; training resumes from the newest checkpoint' },
  Interrupted: { retry: 'workflow', remedy: 'start again under the same run key to go on' },
  DiskFull: { retry: 'policy', remedy: 'free disk space on the named machine; formwork prune shows what can go' },
  StoreUnavailable: { retry: 'policy', remedy: 'bring the object store back; it is tried again' },
  OutOfMemory: { retry: 'workflow', remedy: 'use a smaller training.microBatchRows or training.contextTokens' },
  Diverged: { retry: 'workflow', remedy: 'use a lower training.learningRate, or look at the rows of the named step' },
  CheckpointIncomplete: { retry: 'workflow', remedy: 'nothing; the checkpoint before it is used' },
  RunnerCrashed: { retry: 'workflow', remedy: 'read the last lines of the log' },
  Defect: { retry: 'never', remedy: 'this is a defect of formwork; report it with the log of the control worker' },
};

/** Tried again as they are, these come to the same end: same rows, same numbers, same program. */
const SAME_AGAIN: ReadonlySet<FailureKind> = new Set(['Diverged', 'OutOfMemory', 'RunnerCrashed']);

/** No waiting mends it: somebody has to change, allow or look at something. */
export const needsPerson = (kind: FailureKind): boolean => FAILURES[kind].retry === 'never' || SAME_AGAIN.has(kind);

/** A message with its kind before it, once: those of gangs begin with it. */
export function named({ kind, message }: { kind: string; message: string }): string {
  return message.startsWith(kind) ? message : `${kind}: ${message}`;
}

/** An error whose kind everybody knows. The message says fact, number and remedy; `facts` are for machines. */
export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly facts: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
