import type { Client } from '@temporalio/client';
import pMap from 'p-map';
import { runKeyOf } from '../domain/names.js';
import { knownRuns, type KnownRun } from '../platform/control/open-runs.js';
import { configuredServer, whyUnanswered } from '../platform/temporal/connection.js';
import { unclaimedRuns } from '../platform/temporal/unclaimed-runs.js';
import type { CliContext } from './context.js';
import { listRun, type ListedRun } from './list-run.js';
import { unclaimedRun } from './unclaimed-run.js';

/** A server that is up answers in milliseconds; one that is not must not hold up what the store knows. */
const PATIENCE_MS = 15_000;
/** Open runs answer by their worker, each within seconds; hundreds asked at one moment wait for each other longer than that. */
const ASKED_AT_ONCE = 20;

/** Newest first: by the store, and by the server where one answers; why a server that should be there does not. */
export async function listRuns(context: CliContext): Promise<{ runs: ListedRun[]; problem: string | null }> {
  const runs = await knownRuns(context.store);
  const byStore = (): Promise<ListedRun[]> => Promise.all(runs.map((run) => listRun(null, run)));
  if ((await context.control.running()) === null && configuredServer() === null) return { runs: await byStore(), problem: null };
  try {
    return { runs: await context.withClient((client) => askServer(client, runs)), problem: null };
  } catch (error) {
    const problem = whyUnanswered(error);
    if (problem === null) throw error;
    return { runs: await byStore(), problem };
  }
}

/** One connection for all; only an open run is asked whether it is parked. */
async function askServer(client: Client, runs: readonly KnownRun[]): Promise<ListedRun[]> {
  const patiently = <T>(ask: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + PATIENCE_MS, ask);
  const isClaimed = new Set(runs.flatMap(({ runKey, owner }) => (owner === null ? [] : [runKey])));
  const others = (await patiently(() => unclaimedRuns(client))).filter(({ workflowId }) => !isClaimed.has(runKeyOf(workflowId)));
  const isOnServer = new Set(others.map(({ workflowId }) => runKeyOf(workflowId)));
  const stored = runs.filter(({ runKey }) => !isOnServer.has(runKey));
  const asked = [
    ...others.map((run) => ({ at: run.startedAt, describe: () => unclaimedRun(client, run) })),
    ...stored.map((run) => ({ at: run.owner?.claimedAt ?? '', describe: () => listRun(client, run) })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  return pMap(asked, ({ describe }) => patiently(describe), { concurrency: ASKED_AT_ONCE });
}
