import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { toJson } from '../storage/records.js';

/** Remembers under the run key that a step is done and what came of it, for the execution that may carry the run on. */
export const recordStep =
  (ports: { store: ObjectStore }) =>
  async ({ runKey, name, value }: { runKey: string; name: string; value: unknown }): Promise<void> => {
    await ports.store.putIfAbsent(runKeys.step(runKey, name), toJson(value));
  };
