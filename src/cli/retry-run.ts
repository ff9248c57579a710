import type { Client } from '@temporalio/client';
import { RETRY_UPDATE } from '../domain/names.js';
import type { ObjectStore } from '../platform/object-store/port.js';
import { updateRun } from './update-run.js';

/** Goes on with a parked run, with this part of its request changed. @returns what the run says to it. */
export const retryRun = (client: Client, store: ObjectStore, runKey: string, set: Record<string, unknown>): Promise<unknown> =>
  updateRun(client, store, runKey, RETRY_UPDATE, { set });
