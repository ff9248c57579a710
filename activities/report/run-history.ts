import type { z } from 'zod';
import { RunOwner, RunRecovery, TakeOver } from '../../src/contract/run.js';
import type { RunHistory } from '../../src/domain/run-story.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readIncidents } from '../run/incidents.js';
import { readRequiredRecord } from '../storage/records.js';

/** Who has carried a run on, and what went wrong meanwhile. */
export async function readRunHistory(store: ObjectStore, runKey: string): Promise<RunHistory> {
  const all = async <T>(prefix: string, schema: z.ZodType<T>): Promise<T[]> =>
    Promise.all((await store.list(prefix)).map(({ key }) => readRequiredRecord(store, key, schema)));
  return {
    owners: await all(runKeys.owners(runKey), RunOwner),
    recoveries: await all(runKeys.recoveries(runKey), RunRecovery),
    takeOvers: await all(runKeys.takeOvers(runKey), TakeOver),
    incidents: await readIncidents(store, runKey),
  };
}
