import type { RunOutcome } from '../../src/contract/kinds.js';
import type { RunEnded } from '../../src/contract/run.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { toJson } from '../storage/records.js';

/** Sets the tombstone: nobody goes on with this run by itself. Put, not put-if-absent: a failed run that was completed later is completed. */
export const endRun =
  (ports: { store: ObjectStore }) =>
  async ({
    runKey,
    fence,
    outcome,
    message,
  }: {
    runKey: string;
    fence: number;
    outcome: RunOutcome;
    message: string;
  }): Promise<void> => {
    const ended: RunEnded = { outcome, fence, endedAt: new Date().toISOString(), message };
    await ports.store.put(runKeys.ended(runKey), toJson(ended));
  };
