import { inDescent, prunable, unfinishedBefore, type ResumePoint } from '../../src/domain/resume-point.js';
import { MANIFEST, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { TrainingRecord } from './training-record.js';

/** Removes checkpoints of the line of descent that newer whole ones have made needless. */
export async function pruneCheckpoints(store: ObjectStore, round: string, record: TrainingRecord, keep: number): Promise<void> {
  const checkpoints = record.checkpoints.filter((checkpoint) => inDescent(record.line, checkpoint));
  for (const old of prunable(checkpoints, keep)) {
    await removeFolder(store, trajectoryKeys.checkpoint(trajectoryKeys.root(round, old.trajectory), old.step));
  }
}

/** Removes parts of checkpoints that are older than a finished one of their trajectory: nobody is going to finish them. */
export async function removeUnfinished(
  store: ObjectStore,
  round: string,
  record: TrainingRecord,
  finished: ResumePoint,
): Promise<void> {
  for (const part of unfinishedBefore(record.checkpoints, finished)) {
    await removeFolder(store, trajectoryKeys.checkpoint(trajectoryKeys.root(round, part.trajectory), part.step));
  }
}

/** The manifest first: without it the rest does not exist for any reader. */
export async function removeFolder(store: ObjectStore, key: string): Promise<void> {
  await store.delete(`${key}/${MANIFEST}`);
  for (const object of await store.list(`${key}/`)) await store.delete(object.key);
}
