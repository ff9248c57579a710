import { STAGES, type Stage } from '../../src/contract/kinds.js';
import type { StageEnd } from '../../src/contract/ledger.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { toJson } from '../storage/records.js';

/** Remembers under the run key that a step is done and what came of it, for the execution that may carry the run on. */
export const recordStep =
  (ports: { store: ObjectStore }) =>
  async ({ runKey, name, value }: { runKey: string; name: string; value: unknown }): Promise<void> => {
    const stage = STAGES.find((one) => one === name);
    // First: a stage that is kept is not done again, so nobody would come by here a second time.
    if (stage !== undefined) await recordEnd(ports.store, runKey, stage);
    await ports.store.putIfAbsent(runKeys.step(runKey, name), toJson(value));
  };

/** For the ledger, which tells the time of nodes by stage. */
async function recordEnd(store: ObjectStore, runKey: string, stage: Stage): Promise<void> {
  const end: StageEnd = { stage, endedAt: new Date().toISOString() };
  await store.putIfAbsent(runKeys.stageEnd(runKey, stage), toJson(end));
}
