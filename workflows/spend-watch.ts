import { condition, isCancellation, uuid4 } from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import { records, spending } from './acts.js';
import { fail, failureOf, type KnownFailure } from './failure-kind.js';
import type { Raise } from './messages.js';
import type { StatusBoard } from './status-board.js';

/** What a run may cost: watched while it goes on, asked before nodes are launched, changed by a person. */
export class SpendWatch {
  private caps: Required<Raise>;
  /** How often a person has changed it. */
  raises = 0;

  constructor(
    private readonly runKey: string,
    private readonly claim: Claim,
    private readonly board: StatusBoard,
  ) {
    // Plans of versions that knew no caps have none.
    const { maxSpendUsd = null, maxHourlyUsd = null } = claim.plan as Partial<Claim['plan']>;
    this.caps = { maxSpendUsd, maxHourlyUsd };
  }

  private get isCapped(): boolean {
    return this.caps.maxSpendUsd !== null || this.caps.maxHourlyUsd !== null;
  }

  /** Calls `onOver` whenever the cap is reached, or cannot be held, until the scope that it runs in is cancelled. */
  async keep(onOver: (failure: KnownFailure) => Promise<void>): Promise<void> {
    const { runKey, claim } = this;
    try {
      for (;;) {
        await condition(() => this.caps.maxSpendUsd !== null);
        const raises = this.raises;
        const verdict = await spending.judgeSpend({ runKey, fence: claim.fence });
        // Somebody may have raised it meanwhile: then what was answered is old.
        if (raises !== this.raises) continue;
        if (verdict.isOver) {
          await onOver({ kind: 'BudgetExceeded', message: verdict.message, isFinal: false });
          await condition(() => raises !== this.raises);
        } else await condition(() => raises !== this.raises, verdict.againAfterSeconds * 1000);
      }
    } catch (error) {
      if (isCancellation(error)) throw error;
      await onOver(failureOf(error));
    }
  }

  /** @throws BudgetExceeded when what the nodes cost until their first deadline is more than is left. */
  async reserve(): Promise<void> {
    if (this.isCapped) await records.reserveLaunch({ runKey: this.runKey, fence: this.claim.fence });
  }

  check(raise: unknown): void {
    const entries = typeof raise === 'object' && raise !== null && !Array.isArray(raise) ? Object.entries(raise) : [];
    const isCap = ([name, value]: [string, unknown]): boolean =>
      (name === 'maxSpendUsd' || name === 'maxHourlyUsd') &&
      (value === null || (typeof value === 'number' && Number.isFinite(value) && value > 0));
    if (entries.length === 0 || !entries.every(isCap))
      fail('InvalidRequest', 'expected {"maxSpendUsd": ...} or {"maxHourlyUsd": ...} or both, in USD above 0, null for no cap');
  }

  async raise(raise: Raise): Promise<string> {
    const { runKey, claim, board } = this;
    const caps = { ...this.caps, ...raise };
    try {
      await records.raiseCaps({ id: uuid4(), runKey, fence: claim.fence, caps });
    } catch (error) {
      if (isCancellation(error)) throw error;
      // By its own words, not as the failure of an activity.
      const refusal = failureOf(error);
      return fail(refusal.kind, refusal.message);
    }
    this.caps = caps;
    this.raises += 1;
    const text = `maxSpendUsd ${caps.maxSpendUsd ?? 'none'}, maxHourlyUsd ${caps.maxHourlyUsd ?? 'none'}`;
    board.note(`a person changed what it may cost: ${text}`);
    return text;
  }
}
