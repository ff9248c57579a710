import { Context } from '@temporalio/activity';

/** A fifth of the shortest heartbeat timeout that we set (10 s). */
const BEAT_MS = 2_000;

/** Heartbeats while `work` goes on, for acts whose single steps can take long. Details are for people. */
export async function beating<T>(work: () => Promise<T>, details: () => unknown = () => undefined): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(details()), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** The same for each of these acts, whose steps are all short: a beat that is missed means that its worker is gone. */
export function eachBeating<Acts extends Record<string, (input: never) => Promise<unknown>>>(acts: Acts): Acts {
  const beatingActs = Object.entries(acts).map(([name, act]) => [name, (input: never) => beating(() => act(input))]);
  return Object.fromEntries(beatingActs) as Acts;
}
