import { condition, isCancellation, uuid4 } from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import { records, spending } from './acts.js';
import { fail, failureOf, type KnownFailure } from './failure-kind.js';
import type { SpendVerdict } from '../src/domain/spend-cap.js';
import type { Raise } from './messages.js';
import type { StatusBoard } from './status-board.js';

/** Asked again then, where nobody could say what is spent: seldom enough for a history of weeks. */
const UNREADABLE_MS = 10 * 60_000;

/** What a run may cost: watched while it goes on, asked before nodes are launched, changed by a person. */
export class SpendWatch {
  private caps: Required<Raise>;
  /** How often a person has changed it. */
  raises = 0;
  private raising: Promise<unknown> = Promise.resolve();

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
    for (;;) {
      await condition(() => this.caps.maxSpendUsd !== null);
      const raises = this.raises;
      const isRaised = (): boolean => raises !== this.raises;
      const verdict = await this.judge();
      // Somebody may have raised it meanwhile: then what was answered is old.
      if (isRaised()) continue;
      if (!('isOver' in verdict)) {
        await onOver(verdict);
        await condition(isRaised, UNREADABLE_MS);
      } else if (verdict.isOver) {
        await onOver({ kind: 'BudgetExceeded', message: verdict.message, isFinal: false });
        await condition(isRaised);
      } else await condition(isRaised, verdict.againAfterSeconds * 1000);
    }
  }

  /** A failure: nobody can say what has been spent. Where no waiting mends that, it is for whoever takes the cap away. */
  private async judge(): Promise<SpendVerdict | KnownFailure> {
    try {
      return await spending.judgeSpend({ runKey: this.runKey, fence: this.claim.fence });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error);
      if (failure.kind !== 'InvalidData' && failure.kind !== 'Defect') return failure;
      return { ...failure, kind: 'BudgetExceeded', message: `what is spent cannot be read: ${failure.message}` };
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

  /** One after the other: each says what it changes, and what it leaves as the one before has set it. */
  raise(raise: Raise): Promise<string> {
    const mine = this.raising.then(() => this.change(raise));
    this.raising = mine.catch(() => undefined);
    return mine;
  }

  private async change(raise: Raise): Promise<string> {
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
