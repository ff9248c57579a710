import type { Random } from '../../src/domain/random.js';

/** What can be struck. `node`: all processes of the machine at once, as when the power goes. */
export type Victim = 'rank' | 'rank supervisor' | 'node worker' | 'node host' | 'node' | 'control worker' | 'server';

/** How often each is struck, of a hundred. Control worker and server are shared by all runs that are under way, so their turn is rare. */
const WEIGHTS: readonly (readonly [Victim, number])[] = [
  ['rank', 30],
  ['rank supervisor', 20],
  ['node worker', 20],
  ['node host', 10],
  ['node', 14],
  ['control worker', 3],
  ['server', 3],
];

/** One blow shows a fault, two a fault in the way back from one, three what nobody has thought of. */
const MOST_BLOWS = 3;
/** The rest are stopped and continued: a process that hangs for a while is not a dead one. */
const KILLED_SHARE = 0.75;
/** From what nobody notices to longer than a heartbeat and, with the limits of the stand-in, longer than a step may take. */
const PAUSE_MS = { least: 200, most: 15_000 };
/** Some fall after the end, where nothing may come of them. */
const BEYOND_END = 1.1;
/** Draws which of several: more than there ever are processes of a kind. */
const LOTS = 1_000_000;

export interface Blow {
  /** After the blow before it, or the start. */
  afterMs: number;
  victim: Victim;
  /** Which of them, modulo their number at that moment. */
  lot: number;
  /** null: SIGKILL; else SIGSTOP, and SIGCONT so much later. */
  pauseMs: number | null;
}

/** Blows at moments that know nothing of what a run is doing: each some time after the one before, up to the length of a whole run. */
export function drawBlows(random: Random, runMs: number): Blow[] {
  const most = Math.round(runMs * BEYOND_END);
  return Array.from({ length: random.int(1, MOST_BLOWS) }, () => ({
    afterMs: random.int(0, most),
    victim: random.weighted(WEIGHTS),
    lot: random.int(0, LOTS),
    pauseMs: random.chance(KILLED_SHARE) ? null : random.int(PAUSE_MS.least, PAUSE_MS.most),
  }));
}
