import type { Client } from '@temporalio/client';
import { Failure } from '../domain/failures.js';
import { planPrune, type PrunePlan, type PrunePolicy } from '../domain/pruning.js';
import { runKeys } from '../domain/store-keys.js';
import { isOfServer } from '../domain/recovery.js';
import type { KnownRun } from '../platform/control/open-runs.js';
import { recordedNodes } from '../platform/ledger/recorded-nodes.js';
import { takeLock } from '../platform/lock.js';
import { endedNodes, removeEndedNode } from '../platform/pruning/ended-nodes.js';
import { readInventory } from '../platform/pruning/read-inventory.js';
import type { PruneActs } from '../platform/pruning/prune-store.js';
import { connectClient } from '../platform/temporal/connection.js';
import { TemporalRunDirectory, type WorkflowState } from '../platform/temporal/run-directory.js';
import type { CliContext } from './context.js';

/** What a prune of this home does, with the server that can be asked; without one, runs that have no end are left alone. */
export async function withPrune<T>(
  context: CliContext,
  policy: PrunePolicy,
  lost: readonly string[],
  act: (acts: PruneActs) => Promise<T>,
): Promise<T> {
  const client = await reachableServer(context);
  try {
    return await act(pruneActs(context, policy, lost, client));
  } finally {
    await client?.connection.close();
  }
}

/** null: none is up, or the one that is named does not answer. A disk that is full cannot wait for it. */
async function reachableServer(context: CliContext): Promise<Client | null> {
  try {
    return await connectClient(await context.server());
  } catch (error) {
    if (error instanceof Failure && error.kind === 'Unreachable') return null;
    throw error;
  }
}

function pruneActs(context: CliContext, policy: PrunePolicy, lost: readonly string[], client: Client | null): PruneActs {
  const { store, home } = context;
  // What it has to say of ended nodes is for their ledgers, before their folders go.
  const compute = recordedNodes(home, { env: process.env, warn: (message) => process.stderr.write(`${message}\n`) });
  // One moment for every look: what was too young at the first is so at the last.
  const now = new Date();
  const plan = async (): Promise<PrunePlan> => {
    const nodes = await compute.list({ installation: await home.installation() });
    const leased = new Set(nodes.filter(({ state }) => state !== 'terminated').map(({ tags }) => tags.runKey));
    const inventory = await readInventory({
      ...{ store, leased, lost, stateOf: stateBy(client) },
      nodes: () => endedNodes(home, compute),
    });
    return planPrune(inventory, policy, now);
  };
  return { store, plan, removeNode: (nodeId) => removeEndedNode(home, compute, nodeId) };
}

/** A run of another server is not known to this one, whatever it says of a workflow of that name. */
function stateBy(client: Client | null): (run: KnownRun) => Promise<WorkflowState> {
  if (client === null) return () => Promise.resolve('unknown');
  const runs = new TemporalRunDirectory(client);
  return async ({ owner }) =>
    owner === null || !isOfServer(owner, await runs.serverId()) ? 'unknown' : runs.stateOf(owner.workflowId);
}

/** @throws Failure InvalidRequest for a run that is not there. */
export async function checkNamed({ store }: CliContext, named: readonly string[]): Promise<void> {
  const found = await Promise.all(named.map(async (runKey) => (await store.list(`${runKeys.root(runKey)}/`)).length > 0));
  const unknown = named.filter((_, index) => !found[index]);
  if (unknown.length > 0)
    throw new Failure('InvalidRequest', `${store.uri} has no run ${unknown.join(', ')}; formwork list shows the runs`);
}

/** One prune at a time: two would take each other's marks away. */
export async function alone<T>({ home }: CliContext, act: () => Promise<T>): Promise<T> {
  const lock = await takeLock(home.pruneLock());
  if ('heldBy' in lock)
    throw new Failure('StoreUnavailable', `a prune is at work already, process ${lock.heldBy.pid}; wait until it is done`);
  try {
    return await act();
  } finally {
    await lock.release();
  }
}
