import { SPENDINGS, STAGES, type Spending, type Stage } from '../../contract/kinds.js';
import type { Ledger, LedgerEntry } from '../../contract/ledger.js';

/** Entries that have something in common, added up. */
export interface LedgerSum {
  milliseconds: number;
  usd: number;
}

/** By what was done and what it was done for, in the order of the closed list; causes of one spending, the dearest first. */
export function sumByCause(ledger: Pick<Ledger, 'entries'>): (LedgerSum & { spending: Spending; cause: string | null })[] {
  return SPENDINGS.flatMap((spending) => {
    const own = ledger.entries.filter((entry) => entry.spending === spending);
    const causes = [...new Set(own.map(({ cause }) => cause))];
    const sums = causes.map((cause) => ({ spending, cause, ...sum(own.filter((entry) => entry.cause === cause)) }));
    return sums.sort((a, b) => b.milliseconds - a.milliseconds);
  });
}

export function sumByStage(ledger: Pick<Ledger, 'entries'>): (LedgerSum & { stage: Stage })[] {
  return STAGES.flatMap((stage) => {
    const own = ledger.entries.filter((entry) => entry.stage === stage);
    return own.length === 0 ? [] : [{ stage, ...sum(own) }];
  });
}

function sum(entries: readonly LedgerEntry[]): LedgerSum {
  return entries.reduce<LedgerSum>(
    (total, { milliseconds, usd }) => ({ milliseconds: total.milliseconds + milliseconds, usd: total.usd + usd }),
    { milliseconds: 0, usd: 0 },
  );
}
