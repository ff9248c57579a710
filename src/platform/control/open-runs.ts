import { RunEnded, RunOwner } from '../../contract/run.js';
import { runKeys } from '../../domain/store-keys.js';
import type { ObjectStore } from '../object-store/port.js';
import type { RunDirectory, WorkflowState } from '../temporal/run-directory.js';

/** A run as store and server know it. */
export interface KnownRun {
  runKey: string;
  /** The newest execution that carries it; null: planned at most. */
  owner: RunOwner | null;
  ended: RunEnded | null;
}

/** Runs of this installation, from the store: also those of which the server has forgotten. Newest first. */
export async function knownRuns(store: ObjectStore): Promise<KnownRun[]> {
  const keys = new Set<string>();
  for (const { key } of await store.list('runs/')) {
    const found = /^runs\/([^/]+)\/request\.json$/.exec(key);
    if (found?.[1] !== undefined) keys.add(found[1]);
  }
  const runs = await Promise.all([...keys].map((runKey) => knownRun(store, runKey)));
  return runs.sort((a, b) => (b.owner?.claimedAt ?? '').localeCompare(a.owner?.claimedAt ?? ''));
}

export async function knownRun(store: ObjectStore, runKey: string): Promise<KnownRun> {
  const owners = await store.list(runKeys.owners(runKey));
  const newest = Math.max(0, ...owners.map(({ key }) => Number(/(\d+)\.json$/.exec(key)?.[1] ?? 0)));
  const [owner, ended] = await Promise.all([store.get(runKeys.owner(runKey, newest)), store.get(runKeys.ended(runKey))]);
  const last = ended === null ? null : RunEnded.parse(JSON.parse(ended.toString('utf8')));
  return {
    runKey,
    owner: owner === null ? null : RunOwner.parse(JSON.parse(owner.toString('utf8'))),
    // Of an execution that another one has gone on with since: no word on how the run is.
    ended: last === null || last.fence < newest ? null : last,
  };
}

/** Runs that an execution carries on right now. */
export async function openRuns(store: ObjectStore, runs: RunDirectory): Promise<(KnownRun & { owner: RunOwner })[]> {
  const known = (await knownRuns(store)).filter(
    (run): run is KnownRun & { owner: RunOwner } => run.owner !== null && run.ended === null,
  );
  const states = await Promise.all(known.map(({ owner }): Promise<WorkflowState> => runs.stateOf(owner.workflowId)));
  return known.filter((_, index) => states[index] === 'open');
}
