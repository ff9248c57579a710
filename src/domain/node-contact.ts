import type { NodeSituation, PendingActivity } from '../contract/run-situation.js';

/** Followers beat every second, and the server gives one up after ten: then a node is suspect. */
const SILENCE_SECONDS = 10;
/** A worker that has nothing to do asks again within a minute; some more for the way. */
export const POLL_SECONDS = 75;

interface Heard {
  /** Activities on the queue of the node. */
  pending: readonly Pick<PendingActivity, 'state' | 'scheduledAt' | 'lastBeatAt' | 'nextAttemptAt'>[];
  /** When its worker last asked for work; null: not for as long as the server remembers. */
  lastPollAt: string | null;
  launchedAt: string;
  now: string;
}

/** Is a node that its provider lists heard from? Silence makes it suspect and no more: its ranks may train on. */
export function nodeContact({ pending, lastPollAt, launchedAt, now }: Heard): Pick<NodeSituation, 'contact' | 'lastContactAt'> {
  const age = (instant: string): number => (Date.parse(now) - Date.parse(instant)) / 1000;
  const beats = pending.flatMap(({ lastBeatAt }) => (lastBeatAt === null ? [] : [lastBeatAt]));
  const lastBeatAt = newest(beats);
  const lastContactAt = newest([...beats, ...(lastPollAt === null ? [] : [lastPollAt])]);
  // A beat of this moment outweighs what waits: the worker may be busy.
  if (lastBeatAt !== null && age(lastBeatAt) <= SILENCE_SECONDS) return { contact: 'present', lastContactAt };
  // Its worker takes some seconds to start, and the lease waits for it with a limit of its own.
  if (lastContactAt === null && age(launchedAt) <= POLL_SECONDS) return { contact: 'starting', lastContactAt };
  const isWaiting = pending.some(
    ({ state, scheduledAt, nextAttemptAt }) =>
      state === 'scheduled' && nextAttemptAt === null && scheduledAt !== null && age(scheduledAt) > SILENCE_SECONDS,
  );
  const isSilent = lastBeatAt !== null || isWaiting || lastPollAt === null || age(lastPollAt) > POLL_SECONDS;
  return { contact: isSilent ? 'suspect' : 'present', lastContactAt };
}

function newest(instants: readonly string[]): string | null {
  return instants.reduce<string | null>((last, next) => (last === null || Date.parse(next) > Date.parse(last) ? next : last), null);
}
