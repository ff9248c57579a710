import type { Client } from '@temporalio/client';
import type { KnownRun } from '../platform/control/open-runs.js';
import { TemporalRunDirectory } from '../platform/temporal/run-directory.js';
import { parkedLine } from './parked-line.js';
import { askStatus } from './run-watch.js';

export interface ListedRun {
  runKey: string;
  state: string;
  since: string;
  message: string;
}

/** A run by what the store knows of it, and where that is not its end by its server's word. */
export async function listRun(client: Client | null, { runKey, owner, ended }: KnownRun): Promise<ListedRun> {
  if (ended !== null) return { runKey, state: ended.outcome, since: ended.endedAt, message: ended.message };
  if (owner === null) return { runKey, state: 'unclaimed', since: '', message: 'no execution has claimed it' };
  const since = owner.claimedAt;
  if (client === null) return { runKey, state: 'unknown', since, message: 'no server is up to ask' };
  const state = await new TemporalRunDirectory(client).stateOf(owner.workflowId);
  if (state === 'unknown') return { runKey, state, since, message: 'the server does not know it' };
  if (state === 'closed')
    return { runKey, state: 'interrupted', since, message: 'can be gone on with: start it again under its key' };
  const status = await askStatus(client, owner.workflowId).catch(() => null);
  if (status === null) return { runKey, state, since, message: `gives no answer; npx formwork status ${runKey} says why` };
  if (status.parked !== null)
    return { runKey, state: 'parked', since: status.parked.since, message: parkedLine(runKey, status.parked) };
  return { runKey, state, since, message: '' };
}
