import type { RankExit } from '../contract/job.js';

export interface RankTail {
  rank: number;
  logTail: string[];
}

/** A status is read by people, and travels in signals: so many ranks, lines and characters tell what went wrong. */
const MAX_RANKS = 16;
const MAX_LINES = 5;
const MAX_CHARACTERS = 200;

/** The last lines of the ranks of a gang, those that failed first. */
export function rankTails(exits: readonly RankExit[]): RankTail[] {
  const failedFirst = [...exits].sort((a, b) => Number(a.kind === null) - Number(b.kind === null) || a.rank - b.rank);
  return failedFirst
    .slice(0, MAX_RANKS)
    .map(({ rank, logTail }) => ({ rank, logTail: logTail.slice(-MAX_LINES).map((line) => line.slice(0, MAX_CHARACTERS)) }))
    .sort((a, b) => a.rank - b.rank);
}
