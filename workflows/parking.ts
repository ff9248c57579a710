import { condition, isCancellation, uuid4 } from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import { longRecords, records } from './acts.js';
import { fail, failureOf, type KnownFailure } from './failure-kind.js';
import { giveNotice } from './give-notice.js';
import type { Retry } from './messages.js';
import type { StatusBoard } from './status-board.js';

type Update = 'retryNow' | 'raiseBudget';

const minutes = (count: number): number => count * 60_000;
const at = (ms: number): string => new Date(ms).toISOString();

export interface ParkingPlace {
  runKey: string;
  claim: Claim;
  board: StatusBoard;
  /** When the run started to count towards its deadline, ms. */
  startedAt: number;
  isOverdue: () => boolean;
  holdsNodes: () => boolean;
  /** The run may not pay for its nodes any more. */
  isHalted: () => boolean;
  /** Gives the nodes back; a run that has none does nothing. */
  releaseNodes: () => Promise<unknown>;
}

interface Parked {
  failure: KnownFailure;
  update: Update;
  takes: readonly string[];
  isAsked: boolean;
  goesOn: boolean;
}

/**
 * A run whose retries are used up waits before it fails: for a while with its nodes, then without them, until its deadline. A person
 * may let it go on at any time; where the cause may pass by itself, it goes on unasked after a pause, some times.
 */
export class Parking {
  /** How often the run has gone on. */
  retries = 0;
  /** How often by itself, since a person last let it. */
  private tries = 0;
  private parked: Parked | null = null;

  constructor(private readonly place: ParkingPlace) {}

  get isParked(): boolean {
    return this.parked !== null;
  }

  /**
   * Comes back when the run may go on, which it may too as soon as what it failed of `isLifted`.
   * @throws the failure, where it does not park or the deadline has passed.
   */
  async wait(failure: KnownFailure, isLifted = (): boolean => false): Promise<void> {
    while (!(await this.park(failure, isLifted)));
  }

  /** Whether the run goes on; else it could not do so by itself, and is parked again. */
  private async park(failure: KnownFailure, isLifted: () => boolean): Promise<boolean> {
    const { board, claim, startedAt, isOverdue, holdsNodes } = this.place;
    const { kind, message, isFinal } = failure;
    const { deadlineMinutes, parkedNodesMinutes, recovery } = claim.plan;
    const verdict = await records.judgeFailure({ kind, isFinal, tries: this.tries, recovery });
    if (!verdict.parks || isOverdue()) return fail(kind, message, isFinal);
    const { help, takes } = verdict;
    // Histories of before these were decided do not have them.
    const update = (verdict.update as Update | undefined) ?? 'retryNow';
    const pause = (verdict.againAfterMinutes as number | null | undefined) ?? null;
    const againAt = pause === null ? null : Date.now() + minutes(pause);
    const parked: Parked = { failure, takes, update, isAsked: false, goesOn: false };
    this.parked = parked;
    const { waitingFor, children } = board.status();
    board.failure(kind, message);
    board.waitFor(againAt === null ? `a person: ${update} goes on` : 'a cause that may pass: it goes on by itself');
    board.park({
      since: at(Date.now()),
      nodesReleasedAt: at(Date.now() + (holdsNodes() ? minutes(parkedNodesMinutes) : 0)),
      until: at(startedAt + minutes(deadlineMinutes)),
      againAt: againAt === null ? null : at(againAt),
      ...{ help, takes, update },
    });
    const next = pause === null ? '' : ` It goes on by itself in ${pause} min (${this.tries + 1} of ${recovery.attempts}).`;
    await giveNotice(this.place.runKey, 'parked', `${kind}: ${message} ${help}${next}`);
    try {
      await this.untilTold(parked, againAt, isLifted);
      // A person's word comes first, if it is being carried out.
      if (parked.isAsked) await condition(() => parked.goesOn || !parked.isAsked || isOverdue() || isLifted());
      if (isLifted()) parked.goesOn = true;
      if (!parked.goesOn && !isOverdue() && !(await this.goOnByItself(parked))) return false;
      if (!parked.goesOn) {
        const unasked = `${message.replace(/\.?$/, '.')} Parked until the deadline of ${deadlineMinutes} minutes, and nobody sent ${update}.`;
        return fail(kind, unasked);
      }
      this.retries += 1;
      board.waitFor(waitingFor, children);
      return true;
    } finally {
      this.parked = null;
      board.park(null);
    }
  }

  /** Until somebody lets it go on, the deadline passes, or it is time to go on unasked. Gives the nodes back meanwhile. */
  private async untilTold(parked: Parked, againAt: number | null, isLifted: () => boolean): Promise<void> {
    const { claim, board, isOverdue, isHalted, holdsNodes, releaseNodes } = this.place;
    const { parkedNodesMinutes } = claim.plan;
    const isOver = (): boolean => parked.goesOn || isOverdue() || isLifted();
    const left = (): number => (againAt === null ? Infinity : againAt - Date.now());
    if (holdsNodes()) {
      const kept = minutes(parkedNodesMinutes);
      const isSoon = left() <= kept;
      await condition(() => isOver() || isHalted(), isSoon ? left() : kept);
      if (isOver() || (isSoon && !isHalted())) return;
      await releaseNodes();
      board.note(isHalted() ? 'the nodes are given back' : `parked for ${parkedNodesMinutes} minutes: the nodes are given back`);
    }
    if (againAt === null) await condition(isOver);
    // Nothing is left where giving the nodes back has taken so long.
    else if (left() > 0) await condition(isOver, left());
  }

  /** false: it could not be written down that it goes on. */
  private async goOnByItself(parked: Parked): Promise<boolean> {
    const { runKey, claim, board, isOverdue } = this.place;
    const { attempts } = claim.plan.recovery;
    this.tries += 1;
    parked.isAsked = true;
    try {
      const { kind } = parked.failure;
      await longRecords.planRetry({ id: uuid4(), runKey, fence: claim.fence, kind, set: {}, by: 'itself' });
    } catch (error) {
      if (isCancellation(error)) throw error;
      board.note(`could not go on by itself: ${failureOf(error).message}`);
      return false;
    }
    if (isOverdue()) return true;
    parked.goesOn = true;
    board.note(`goes on by itself, ${this.tries} of ${attempts}`);
    return true;
  }

  /** Is there anything to let go on, and may it be asked for like this? Values are held against the plan by `retry`. */
  check(retry: Retry | undefined): void {
    if (this.parked === null) {
      const { stage } = this.place.board.status();
      return fail('InvalidRequest', `the run is not parked, it is in stage ${stage}: there is nothing to let go on`);
    }
    if (this.parked.isAsked) return fail('InvalidRequest', 'the run is about to go on already');
    if (this.parked.update === 'raiseBudget')
      return fail('InvalidRequest', 'the run is parked for what it may cost: raiseBudget (formwork raise) goes on');
    const { takes } = this.parked;
    const refused = pathsOf(retry).filter((path) => !takes.includes(path));
    if (refused.length > 0) fail('InvalidRequest', `retryNow does not take ${refused.join(', ')}; it takes ${takes.join(', ')}`);
  }

  async retry(retry: Retry | undefined): Promise<string> {
    const { runKey, claim, board } = this.place;
    const { parked } = this;
    if (parked === null) return fail('InvalidRequest', 'the run is not parked any more');
    parked.isAsked = true;
    const { kind } = parked.failure;
    try {
      await longRecords.planRetry({ id: uuid4(), runKey, fence: claim.fence, kind, set: retry?.set ?? {}, by: 'person' });
    } catch (error) {
      if (isCancellation(error)) throw error;
      parked.isAsked = false;
      // By its own words, not as the failure of an activity.
      const refusal = failureOf(error);
      return fail(refusal.kind, refusal.message);
    }
    if (this.parked !== parked)
      return fail('InvalidRequest', 'the run is not parked any more: it has gone on, or its deadline has passed');
    parked.goesOn = true;
    this.tries = 0;
    const paths = pathsOf(retry);
    const how = paths.length === 0 ? 'as it is' : `with other ${paths.join(', ')}`;
    board.note(`a person lets it go on ${how}`);
    return `goes on ${how}, from the newest checkpoint`;
  }
}

/** Paths of all values to set. @throws for anything that is no retry. */
function pathsOf(retry: unknown): string[] {
  if (retry === undefined || retry === null) return [];
  const extra = isObject(retry) ? Object.keys(retry).filter((key) => key !== 'set') : [];
  const set = isObject(retry) ? (retry['set'] ?? {}) : null;
  if (!isObject(set) || extra.length > 0)
    return fail('InvalidRequest', 'expected nothing, or {"set": {...}} in the shape of a request');
  return leaves(set, '');
}

function leaves(value: Record<string, unknown>, path: string): string[] {
  return Object.entries(value).flatMap(([key, inner]) => (isObject(inner) ? leaves(inner, `${path}${key}.`) : [`${path}${key}`]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
