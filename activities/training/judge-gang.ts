import type { RankExit } from '../../src/contract/job.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import { decideGang, type BudgetsUsed, type GangDecision } from '../../src/domain/gang-decision.js';
import { causeOf } from '../../src/domain/rank-exit.js';

export interface GangEnd {
  /** Exits of all ranks that could still be asked. */
  exits: readonly RankExit[];
  /** What was known beside them, e.g. a lost node; it outweighs what its peers died of. */
  evidence: { kind: FailureKind; message: string } | null;
  used: BudgetsUsed;
}

/**
 * What a gang ended of, and what follows. A decision, so it is made in an activity: its result is in the history, and the
 * rule may be mended while a run of two weeks goes on.
 */
// eslint-disable-next-line @typescript-eslint/require-await -- an activity is asynchronous
export const judgeGang = async ({
  exits,
  evidence,
  used,
}: GangEnd): Promise<GangDecision | { action: 'done' } | { action: 'interrupted' }> => {
  const cause = causeOf(exits);
  if (evidence !== null) return decideGang(evidence.kind, evidence.message, used);
  if (cause === null) return { action: 'done' };
  if (cause.kind === 'Interrupted') return { action: 'interrupted' };
  const tail = cause.logTail.at(-1);
  return decideGang(
    cause.kind ?? 'RunnerCrashed',
    `rank ${cause.rank}: ${cause.message}${tail === undefined ? '' : ` (last line: ${tail})`}`,
    used,
  );
};
