import { PruneMark } from '../../src/contract/prune.js';
import { Failure } from '../../src/domain/failures.js';
import { isBeingPruned } from '../../src/domain/prune-mark.js';
import { PRUNE_MARK, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRecord } from './records.js';

/**
 * For whoever is about to use, or to write, a folder that a prune may have chosen. The caller's run is claimed by then, and a prune
 * looks at the claims after it has set its mark: one of the two sees the other.
 * @throws Failure StoreUnavailable while a prune is at work there.
 */
export async function waitForPrune(store: ObjectStore, folder: string): Promise<void> {
  const key = `${folder}/${PRUNE_MARK}`;
  const mark = await readRecord(store, key, PruneMark);
  if (mark === null) return;
  if (isBeingPruned(mark, new Date())) {
    throw new Failure('StoreUnavailable', `formwork prune is at work on ${store.uri}/${folder} since ${mark.at}`, { folder });
  }
  // Of a prune that was broken off: what it has begun to remove has no manifest any more, and is written again.
  await store.delete(key);
}

/** @throws Failure RunKeyInUse for a run of which a part is gone already, also where its prune was broken off. */
export async function refuseWhileRemoved(store: ObjectStore, runKey: string): Promise<void> {
  const mark = await readRecord(store, `${runKeys.root(runKey)}/${PRUNE_MARK}`, PruneMark);
  if (mark?.hasBegun !== true) return;
  throw new Failure(
    'RunKeyInUse',
    `formwork prune removes run ${runKey}, since ${mark.at}; start again when it is done (where it was broken off, formwork prune --yes ends it), or choose another run key`,
    { runKey },
  );
}
