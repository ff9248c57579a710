import type { Client } from '@temporalio/client';
import { RETRY_UPDATE } from '../domain/names.js';
import { updateRun } from './update-run.js';

/** Goes on with a parked run, with this part of its request changed. @returns what the run says to it. */
export const retryRun = (client: Client, runKey: string, set: Record<string, unknown>): Promise<unknown> =>
  updateRun(client, runKey, RETRY_UPDATE, { set });
