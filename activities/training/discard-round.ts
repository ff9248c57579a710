import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { removeFolder } from './prune-checkpoints.js';

/** Removes all of a round that has served its purpose, e.g. the smoke test's. */
export const discardRound =
  (ports: { store: ObjectStore }) =>
  ({ runKey, round }: { runKey: string; round: string }): Promise<void> =>
    removeFolder(ports.store, runKeys.round(runKey, round));
