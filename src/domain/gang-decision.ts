import type { FailureKind } from '../contract/kinds.js';
import { FAILURES } from './failures.js';

/** How often a gang may be formed again, by what it failed of. A cause that is not here ends the round at once. */
const BUDGETS: Partial<Record<FailureKind, number>> = {
  // From outside, and nothing says that it comes again: generous, to survive a night of an unruly machine.
  RankKilled: 32,
  NodeLost: 8,
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
  | { action: 'again'; used: BudgetsUsed; message: string }
  | { action: 'fail'; kind: FailureKind; used: BudgetsUsed; message: string };

/** Form the gang again, or give up? Counts the cause against its budget. */
export function decideGang(kind: FailureKind, message: string, used: BudgetsUsed): GangDecision {
  const count = (used[kind] ?? 0) + 1;
  const budget = BUDGETS[kind] ?? 0;
  const counted = { ...used, [kind]: count };
  if (count <= budget) return { action: 'again', used: counted, message: `${kind} (${count} of ${budget}): ${message}` };
  const exhausted = budget === 0 ? '' : ` It happened ${count} times; ${budget} are allowed.`;
  return { action: 'fail', kind, used: counted, message: `${message}.${exhausted} What to do: ${FAILURES[kind].remedy}.` };
}
