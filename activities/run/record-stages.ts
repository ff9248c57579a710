import type { StageRecord } from '../../src/contract/report.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { toJson } from '../storage/records.js';

/** Keeps when the stages of an execution ran, for the report of whichever execution ends the run. */
export const recordStages =
  (ports: { store: ObjectStore }) =>
  async ({ runKey, fence, stages }: { runKey: string; fence: number; stages: readonly StageRecord[] }): Promise<void> => {
    await ports.store.put(runKeys.stages(runKey, fence), toJson(stages));
  };
