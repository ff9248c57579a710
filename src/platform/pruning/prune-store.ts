import type { PrunedWeights, PruneMark } from '../../contract/prune.js';
import { mayDelete } from '../../domain/prune-mark.js';
import type { PrunePlan, Removal } from '../../domain/pruning.js';
import { MANIFEST, PRUNED, PRUNE_MARK, runKeys } from '../../domain/store-keys.js';
import type { ObjectStore } from '../object-store/port.js';
import { marks } from './read-inventory.js';

export interface PruneActs {
  store: ObjectStore;
  /** Looks at the store again, and plans by the same policy. */
  plan: () => Promise<PrunePlan>;
  /** Removes the folder of a local node that has ended. */
  removeNode: (key: string) => Promise<void>;
}

/**
 * Removes what is planned. Everything is marked first and then looked at again: whoever claims a run, or is about to use a dataset,
 * has either been seen by that look, or sees the mark. Broken off at any moment, it leaves nothing that a reader takes for whole,
 * and the next one ends it.
 */
export class StorePrune {
  private markedAt = new Date(0);
  private confirmed = new Set<string>();
  /** What is still to be removed, in order. */
  private waiting: Removal[];

  constructor(
    private readonly acts: PruneActs,
    planned: readonly Removal[],
  ) {
    this.waiting = planned.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  }

  /** @returns what was removed: what has come into use since the plan was made stays. */
  async run(): Promise<Removal[]> {
    const removed: Removal[] = [];
    try {
      for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
        await this.keepMarked();
        if (this.confirmed.has(idOf(next))) {
          await this.remove(next);
          removed.push(next);
        }
        this.waiting.shift();
      }
    } finally {
      await this.unmark();
    }
    return removed;
  }

  /** Nothing is deleted under a mark that nobody heeds any more. */
  private async keepMarked(): Promise<void> {
    const at = new Date();
    if (mayDelete(this.markedAt, at)) return;
    // Of a run that an earlier prune has begun to remove, that stays said.
    const begun = new Set((await marks(this.acts.store)).flatMap(({ folder, mark }) => (mark.hasBegun ? [folder] : [])));
    for (const folder of new Set(this.waiting.flatMap(markedFolder))) await this.mark(folder, at, begun.has(folder));
    this.markedAt = at;
    this.confirmed = new Set((await this.acts.plan()).removals.map(idOf));
  }

  private async remove(removal: Removal): Promise<void> {
    const { store } = this.acts;
    const { kind, key } = removal;
    switch (kind) {
      case 'unfinished':
        return store.deleteUnfinished(key);
      case 'node':
        return this.acts.removeNode(key);
      case 'epoch':
        return this.removeWeights(removal);
      case 'run':
        await this.mark(key, this.markedAt, true);
        return this.removeFolder(key, runKeys.request(removal.runKey ?? ''));
      default:
        return this.removeFolder(key, `${key}/${MANIFEST}`);
    }
  }

  /** The record of what they were stays, and says so before they go. */
  private async removeWeights({ key, bytes }: Removal): Promise<void> {
    const { store } = this.acts;
    const manifest = `${key}/${MANIFEST}`;
    if ((await store.get(manifest)) === null) return this.removeFolder(key, manifest);
    const pruned: PrunedWeights = { at: new Date().toISOString(), bytes };
    await store.putIfAbsent(`${key}/${PRUNED}`, JSON.stringify(pruned));
    await this.removeAll(key, new Set([manifest, `${key}/${PRUNED}`]));
  }

  /** What makes it exist goes first, and the mark last. */
  private async removeFolder(key: string, first: string): Promise<void> {
    const { store } = this.acts;
    await this.delete(first);
    await this.removeAll(key, new Set([`${key}/${PRUNE_MARK}`]));
    await store.delete(`${key}/${PRUNE_MARK}`);
  }

  private async removeAll(folder: string, but: ReadonlySet<string>): Promise<void> {
    const keys = (await this.acts.store.list(`${folder}/`)).map(({ key }) => key).filter((key) => !but.has(key));
    // Of a run: no model and no checkpoint of it looks whole from here on.
    const isManifest = (key: string): boolean => key.endsWith(`/${MANIFEST}`);
    for (const key of [...keys.filter(isManifest), ...keys.filter((key) => !isManifest(key))]) await this.delete(key);
  }

  private async delete(key: string): Promise<void> {
    await this.keepMarked();
    await this.acts.store.delete(key);
  }

  private async mark(folder: string, at: Date, hasBegun: boolean): Promise<void> {
    const mark: PruneMark = { at: at.toISOString(), hasBegun };
    await this.acts.store.put(`${folder}/${PRUNE_MARK}`, JSON.stringify(mark));
  }

  /** Ours, and those of prunes before this one: the caller has the lock, so nobody else is at work. */
  private async unmark(): Promise<void> {
    const { store } = this.acts;
    for (const { folder, mark } of await marks(store)) {
      // A run that is half gone stays refused until a prune has ended it.
      if (!mark.hasBegun) await store.delete(`${folder}/${PRUNE_MARK}`);
    }
  }
}

const idOf = ({ kind, key }: Removal): string => `${kind} ${key}`;

/** Where users of what is removed look for a mark. */
function markedFolder({ kind, key, runKey }: Removal): string[] {
  switch (kind) {
    case 'checkpoint':
    case 'epoch':
      return [runKeys.root(runKey ?? '')];
    case 'run':
    case 'dataset':
    case 'model':
      return [key];
    case 'unfinished':
    case 'node':
      return [];
  }
}

/** A run's nodes before the run: a new run of its key would find them ended. What runs use comes after them. */
const ORDER = ['node', 'unfinished', 'checkpoint', 'epoch', 'run', 'dataset', 'model'];
