import type { RunEnded } from '../contract/run.js';
import { runKeys } from '../domain/store-keys.js';
import { knownRun } from '../platform/control/open-runs.js';
import type { ObjectStore } from '../platform/object-store/port.js';

/** Marks a run that is over as cancelled, so that nobody starts it again by itself. @returns what became of it, in words. */
export async function callOff(store: ObjectStore, runKey: string, state: string): Promise<string> {
  const { owner, ended } = await knownRun(store, runKey);
  if (owner === null || ended?.outcome === 'completed' || ended?.outcome === 'cancelled') return `is over already: ${state}`;
  const { fence } = owner;
  const endedAt = new Date().toISOString();
  const mark: RunEnded = { outcome: 'cancelled', fence, endedAt, message: `called off when it was over already: ${state}` };
  await store.put(runKeys.ended(runKey), `${JSON.stringify(mark, null, 2)}\n`);
  return `was over already (${state}), and is not started again by itself now`;
}
