import { RunOwner } from '../../src/contract/run.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';

/** Who carries a run on, or was the last to; null: nobody has claimed it. */
export async function newestOwner(store: ObjectStore, runKey: string): Promise<RunOwner | null> {
  const owners = await store.list(runKeys.owners(runKey));
  const newest = Math.max(0, ...owners.map(({ key }) => Number(/(\d+)\.json$/.exec(key)?.[1] ?? 0)));
  return newest === 0 ? null : readRequiredRecord(store, runKeys.owner(runKey, newest), RunOwner);
}
