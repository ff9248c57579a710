import type { RankExit } from '../contract/job.js';
import type { FailureKind } from '../contract/kinds.js';
import { FAILURES } from './failures.js';
import { causeOf } from './rank-exit.js';

/** How often a gang may be formed again, by what it failed of. A cause that is not here ends the round at once. */
const BUDGETS: Partial<Record<FailureKind, number>> = {
  // From outside, and nothing says that it comes again: generous, to survive a night of an unruly machine.
  RankKilled: 32,
  NodeLost: 8,
  // Somebody else's signal; the ranks have written a checkpoint.
  Interrupted: 8,
  // A node that does not answer while a gang is made ready: it is suspect, not lost, and each try waits a minute.
  Unreachable: 10,
  LostPeer: 8,
  // Each costs a whole step limit.
  Hang: 4,
  DiskFull: 2,
  CheckpointIncomplete: 4,
  // Once may be bad luck, twice is a defect.
  RunnerCrashed: 2,
};

export type BudgetsUsed = Partial<Record<FailureKind, number>>;

export type GangDecision =
  | { action: 'again'; kind: FailureKind; used: BudgetsUsed; message: string }
  | { action: 'fail'; kind: FailureKind; used: BudgetsUsed; message: string };

/** Form the gang again, or give up? Counts the cause against its budget. */
export function decideGang(kind: FailureKind, message: string, used: BudgetsUsed): GangDecision {
  const count = (used[kind] ?? 0) + 1;
  const budget = BUDGETS[kind] ?? 0;
  const counted = { ...used, [kind]: count };
  if (count <= budget) return { action: 'again', kind, used: counted, message: `${kind} (${count} of ${budget}): ${message}` };
  const exhausted = budget === 0 ? '' : ` It happened ${count} times; ${budget} are allowed.`;
  return { action: 'fail', kind, used: counted, message: `${message}.${exhausted} What to do: ${FAILURES[kind].remedy}.` };
}

export interface GangEnd {
  /** Exits of all ranks that could still be asked. */
  exits: readonly RankExit[];
  /** What was known beside them, e.g. a lost node; it outweighs what its peers died of. */
  evidence: { kind: FailureKind; message: string } | null;
  used: BudgetsUsed;
  /** Somebody has asked the round to stop. */
  stopping: boolean;
}

/** What a gang ended of, and what follows. */
export function judgeGang({
  exits,
  evidence,
  used,
  stopping,
}: GangEnd): GangDecision | { action: 'done' } | { action: 'interrupted' } {
  if (evidence !== null) return decideGang(evidence.kind, evidence.message, used);
  // Silence is no success.
  if (exits.length === 0) return decideGang('RunnerCrashed', 'the job ended without a word on any of its ranks', used);
  const cause = causeOf(exits);
  if (cause === null) return { action: 'done' };
  if (cause.kind === 'Interrupted' && stopping) return { action: 'interrupted' };
  const tail = cause.logTail.at(-1);
  const lastLine = tail === undefined ? '' : ` (last line: ${tail})`;
  return decideGang(cause.kind ?? 'RunnerCrashed', `rank ${cause.rank}: ${cause.message}${lastLine}`, used);
}
