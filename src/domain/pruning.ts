import { totalBytes } from './total-bytes.js';

// What may be removed of a store, from facts that were read of it. Everything that something kept needs is kept.

/**
 * What no run uses is taken when it has not been written to for so long: a person who starts the same rows or the same model again
 * within a day has them at once, and an upload that takes a day has other troubles.
 */
const GRACE_MS = 24 * 60 * 60_000;

/** Node hosts and workers log into the folder of their node and nowhere else: a failure of Friday night is looked into on Monday. */
const NODE_GRACE_MS = 7 * 24 * 60 * 60_000;

export type ThingKind = 'run' | 'checkpoint' | 'epoch' | 'dataset' | 'model' | 'unfinished' | 'node';

/** Something that is removed as one. Its key is a folder of the store; of `unfinished` a write, of `node` a folder of the home. */
interface Thing {
  key: string;
  bytes: number;
}

/** Weights of a run that training or evaluation has left. */
export interface RunWeights extends Thing {
  kind: 'checkpoint' | 'epoch';
  /** The next start of the run would go on from it, or evaluate it. */
  isNeeded: boolean;
  /** Nobody takes it for whole: its upload, or its removal, was broken off. */
  isLeftOver: boolean;
}

export interface RunToPrune {
  runKey: string;
  /** Why nothing of it may be touched; null: it is over. */
  held: string | null;
  /** It has a model, and needs its checkpoints and epochs no more. */
  isPublished: boolean;
  /** A prune that was to remove all of it was broken off: whatever is left is of no use. */
  isHalfRemoved: boolean;
  /** When it was last worked on. */
  lastAt: string;
  /** All of it, weights included. */
  bytes: number;
  weights: RunWeights[];
  /** Datasets and models that it was made of, and runs whose files it reads. */
  uses: string[];
  /** It may use a dataset or a model that no record of it names yet. */
  mayUseMore: boolean;
}

export interface ContentToPrune extends Thing {
  kind: 'dataset' | 'model';
  modifiedAt: string;
}

export interface StoreInventory {
  /** All of the store. */
  bytes: number;
  runs: RunToPrune[];
  contents: ContentToPrune[];
  unfinished: (Thing & { modifiedAt: string })[];
  /** Folders of local nodes that have ended. */
  nodes: (Thing & { runKey: string; endedAt: string })[];
}

export interface PrunePolicy {
  /** Runs that ended within it are left as they are; null: no matter when. */
  olderThanMs: number | null;
  /** So many of the newest runs are left as they are; null: no matter how many. */
  keep: number | null;
  /** Of those that are neither, the oldest go until the store holds no more; null: all of them go. */
  maxBytes: number | null;
  /** Runs that a person has named: all of them goes, their published model as well. */
  named: readonly string[];
  /** Of runs that could still go on, all goes, the newest checkpoint as well. */
  giveUp: boolean;
}

export interface Removal extends Thing {
  kind: ThingKind;
  /** null: it is of no run. */
  runKey: string | null;
  why: string;
}

export interface PrunePlan {
  removals: Removal[];
  /** Runs that were asked for, and may not go or not wholly. */
  kept: { runKey: string; why: string }[];
  storeBytes: number;
  /** Of the store; folders of nodes are beside it. */
  removedBytes: number;
}

/** Newest first; of two at one moment the order is that of their keys, so that two looks agree. */
const newestFirst = (a: RunToPrune, b: RunToPrune): number => b.lastAt.localeCompare(a.lastAt) || (a.runKey < b.runKey ? -1 : 1);

/** What is to be done with a run: `thin` leaves its record, its model, and what a next start needs; else all goes, for this reason. */
type Fate = 'thin' | 'named' | 'given up' | 'its removal was broken off';

/** The things that go. Applied to the store and asked again, it names nothing more. */
export function planPrune(inventory: StoreInventory, policy: PrunePolicy, now: Date): PrunePlan {
  const fates = new Map<string, Fate>();
  for (const run of inventory.runs) {
    if (run.isHalfRemoved) fates.set(run.runKey, 'its removal was broken off');
    else if (run.held === null && policy.named.includes(run.runKey)) fates.set(run.runKey, 'named');
  }
  let removals = removalsOf(inventory, fates, now);
  const goal = policy.maxBytes === null ? 0 : inventory.bytes - policy.maxBytes;
  for (const run of eligible(inventory.runs, policy, now).reverse()) {
    if (policy.maxBytes !== null && storeBytesOf(removals) >= goal) break;
    if (fates.has(run.runKey)) continue;
    fates.set(run.runKey, policy.giveUp && !run.isPublished ? 'given up' : 'thin');
    removals = removalsOf(inventory, fates, now);
  }
  return {
    removals,
    kept: keptOf(inventory.runs, policy, removals),
    storeBytes: inventory.bytes,
    removedBytes: storeBytesOf(removals),
  };
}

/** Runs that age and count do not protect, newest first; none where a policy says nothing of runs. */
function eligible(runs: readonly RunToPrune[], { olderThanMs, keep, maxBytes }: PrunePolicy, now: Date): RunToPrune[] {
  if (olderThanMs === null && keep === null && maxBytes === null) return [];
  return [...runs]
    .sort(newestFirst)
    .slice(keep ?? 0)
    .filter((run) => run.held === null && now.getTime() - Date.parse(run.lastAt) >= (olderThanMs ?? 0));
}

function removalsOf({ runs, contents, unfinished, nodes }: StoreInventory, fates: ReadonlyMap<string, Fate>, now: Date): Removal[] {
  const removed = removable(runs, fates);
  const kept = runs.filter(({ runKey }) => !removed.has(runKey));
  const used = new Set(kept.flatMap(({ uses }) => uses));
  const isUncertain = kept.some(({ mayUseMore }) => mayUseMore);
  const isOld = (at: string, graceMs: number): boolean => now.getTime() - Date.parse(at) >= graceMs;
  const held = new Set(runs.filter((run) => run.held !== null).map(({ runKey }) => runKey));
  return [
    ...runs
      .filter(({ runKey }) => removed.has(runKey))
      .map(({ runKey, bytes }): Removal => {
        return { kind: 'run', key: `runs/${runKey}`, runKey, bytes, why: fates.get(runKey) ?? '' };
      }),
    ...kept.flatMap((run) => weightsToRemove(run, fates.get(run.runKey))),
    ...contents
      .filter(({ key, modifiedAt }) => !isUncertain && !used.has(key) && isOld(modifiedAt, GRACE_MS))
      .map(({ kind, key, bytes }): Removal => ({ kind, key, bytes, runKey: null, why: 'no run that is kept uses it' })),
    ...unfinished
      .filter(({ modifiedAt }) => isOld(modifiedAt, GRACE_MS))
      .map(({ key, bytes }): Removal => ({ kind: 'unfinished', key, bytes, runKey: null, why: 'a write that nobody finishes' })),
    ...nodes
      .filter(({ runKey, endedAt }) => removed.has(runKey) || (!held.has(runKey) && isOld(endedAt, NODE_GRACE_MS)))
      .map(({ key, bytes, runKey }): Removal => ({ kind: 'node', key, bytes, runKey, why: 'the node has ended' })),
  ];
}

/** Of the runs that are to go, those that no run reads which stays. */
function removable(runs: readonly RunToPrune[], fates: ReadonlyMap<string, Fate>): Set<string> {
  const removed = new Set(runs.map(({ runKey }) => runKey).filter((runKey) => (fates.get(runKey) ?? 'thin') !== 'thin'));
  for (let size = -1; size !== removed.size;) {
    size = removed.size;
    for (const { runKey, uses } of runs) {
      if (!removed.has(runKey)) for (const other of uses) removed.delete(other.replace(/^runs\//, ''));
    }
  }
  return removed;
}

function weightsToRemove({ runKey, held, isPublished, weights }: RunToPrune, fate: Fate | undefined): Removal[] {
  if (held !== null) return [];
  return weights.flatMap(({ kind, key, bytes, isNeeded, isLeftOver }): Removal[] => {
    const removal = { kind, key, bytes, runKey };
    if (isLeftOver) return [{ ...removal, why: 'it was never finished' }];
    if (fate === undefined) return [];
    if (isPublished) return [{ ...removal, why: 'the model is published' }];
    return isNeeded ? [] : [{ ...removal, why: 'the next start does not need it' }];
  });
}

function keptOf(runs: readonly RunToPrune[], policy: PrunePolicy, removals: readonly Removal[]): PrunePlan['kept'] {
  const removed = new Set(removals.filter(({ kind }) => kind === 'run').map(({ runKey }) => runKey));
  return runs.flatMap(({ runKey, held }) => {
    const isNamed = policy.named.includes(runKey);
    if (removed.has(runKey) || (!isNamed && held === null)) return [];
    return [{ runKey, why: held ?? 'a run that is kept reads its files' }];
  });
}

const storeBytesOf = (removals: readonly Removal[]): number => totalBytes(removals.filter(({ kind }) => kind !== 'node'));
