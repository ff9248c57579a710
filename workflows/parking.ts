import { condition, isCancellation, uuid4 } from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import { longRecords, records } from './acts.js';
import { fail, failureOf, type KnownFailure } from './failure-kind.js';
import { giveNotice } from './give-notice.js';
import type { Retry } from './messages.js';
import type { StatusBoard } from './status-board.js';

const minutes = (count: number): number => count * 60_000;

export interface ParkingPlace {
  runKey: string;
  claim: Claim;
  board: StatusBoard;
  /** When the run started to count towards its deadline, ms. */
  startedAt: number;
  isOverdue: () => boolean;
  holdsNodes: () => boolean;
  /** Gives the nodes back; a run that has none does nothing. */
  releaseNodes: () => Promise<unknown>;
}

/**
 * A run whose retries are used up waits for a person before it fails: for a while with its nodes, then without them, until its
 * deadline.
 */
export class Parking {
  /** How often a person has let the run go on. */
  retries = 0;
  private parked: { failure: KnownFailure; takes: readonly string[]; isAsked: boolean; goesOn: boolean } | null = null;

  constructor(private readonly place: ParkingPlace) {}

  get isParked(): boolean {
    return this.parked !== null;
  }

  /** Comes back when somebody lets the run go on. @throws the failure, where it does not park or the deadline has passed. */
  async wait(failure: KnownFailure): Promise<void> {
    const { board, claim, startedAt, isOverdue, holdsNodes, releaseNodes } = this.place;
    const verdict = await records.judgeFailure({ kind: failure.kind, isFinal: failure.isFinal });
    if (!verdict.parks || isOverdue()) return fail(failure.kind, failure.message, failure.isFinal);
    const { deadlineMinutes, parkedNodesMinutes } = claim.plan;
    const parked = { failure, takes: verdict.takes, isAsked: false, goesOn: false as boolean };
    this.parked = parked;
    const at = (ms: number): string => new Date(ms).toISOString();
    const { waitingFor, children } = board.status();
    board.failure(failure.kind, failure.message);
    board.waitFor('a person: retryNow goes on');
    board.park({
      since: at(Date.now()),
      nodesReleasedAt: at(Date.now() + (holdsNodes() ? minutes(parkedNodesMinutes) : 0)),
      until: at(startedAt + minutes(deadlineMinutes)),
      help: verdict.help,
      takes: verdict.takes,
    });
    await giveNotice(this.place.runKey, 'parked', `${failure.kind}: ${failure.message} ${verdict.help}`);
    try {
      const isOver = (): boolean => parked.goesOn || isOverdue();
      if (!holdsNodes()) await condition(isOver);
      else if (!(await condition(isOver, minutes(parkedNodesMinutes)))) {
        await releaseNodes();
        board.note(`parked for ${parkedNodesMinutes} minutes: the nodes are given back`);
        await condition(isOver);
      }
      if (!parked.goesOn) {
        const unasked = `${failure.message.replace(/\.?$/, '.')} Parked until the deadline of ${deadlineMinutes} minutes, and nobody sent retryNow.`;
        return fail(failure.kind, unasked);
      }
      this.retries += 1;
      board.waitFor(waitingFor, children);
    } finally {
      this.parked = null;
      board.park(null);
    }
  }

  /** Is there anything to let go on, and may it be asked for like this? Values are held against the plan by `retry`. */
  check(retry: Retry | undefined): void {
    if (this.parked === null) {
      const { stage } = this.place.board.status();
      return fail('InvalidRequest', `the run is not parked, it is in stage ${stage}: there is nothing to let go on`);
    }
    if (this.parked.isAsked) return fail('InvalidRequest', 'another retryNow is being carried out');
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
      await longRecords.planRetry({ id: uuid4(), runKey, fence: claim.fence, kind, set: retry?.set ?? {} });
    } catch (error) {
      if (isCancellation(error)) throw error;
      parked.isAsked = false;
      // By its own words, not as the failure of an activity.
      const refusal = failureOf(error);
      return fail(refusal.kind, refusal.message);
    }
    if (this.parked !== parked) return fail('InvalidRequest', 'the run is not parked any more: its deadline passed meanwhile');
    parked.goesOn = true;
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
