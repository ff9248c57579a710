import type { PruneMark } from '../contract/prune.js';

/**
 * Whoever is about to use what is marked waits for so long at most: a prune renews its marks every four minutes and deletes nothing
 * under an older one, so that what is marked for longer belongs to a prune that was broken off. The six minutes between are for a
 * delete that hangs, and for clocks of two machines.
 */
const WAIT_MS = 10 * 60_000;
const RENEW_MS = 4 * 60_000;

const age = (mark: PruneMark, now: Date): number => now.getTime() - Date.parse(mark.at);

/** A prune is at work there, as far as its mark tells. */
export const isBeingPruned = (mark: PruneMark, now: Date): boolean => age(mark, now) < WAIT_MS;

/** A prune may go on under its own mark. */
export const mayDelete = (markedAt: Date, now: Date): boolean => now.getTime() - markedAt.getTime() < RENEW_MS;
