import { CheckpointManifest, SnapshotManifest, Trajectory } from '../../src/contract/checkpoint.js';
import { lineOfDescent, type Descent, type FoundCheckpoint } from '../../src/domain/resume-point.js';
import { MANIFEST, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';

/** A checkpoint that was found bad gets this beside its manifest; its files stay for whoever wants to know why. */
export const SET_ASIDE = 'set-aside.json';

export interface FoundSnapshot {
  key: string;
  manifest: SnapshotManifest;
}

/** What the store holds of one round. */
export interface TrainingRecord {
  trajectories: Trajectory[];
  line: Descent[];
  checkpoints: FoundCheckpoint[];
  snapshots: FoundSnapshot[];
}

/** Reads a round from the store. Sizes are held against manifests here; hashes are when the files are fetched. */
export async function readTraining(store: ObjectStore, round: string): Promise<TrainingRecord> {
  const objects = await store.list(trajectoryKeys.all(round));
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const trajectories: Trajectory[] = [];
  const checkpoints: FoundCheckpoint[] = [];
  const snapshots: FoundSnapshot[] = [];
  for (const { key } of objects) {
    const path = key.slice(trajectoryKeys.all(round).length);
    if (/^\d+\.json$/.test(path)) trajectories.push(await readRequiredRecord(store, key, Trajectory));
    if (!path.endsWith(`/${MANIFEST}`)) continue;
    const folder = key.slice(0, -MANIFEST.length - 1);
    if (/^\d+\/checkpoints\/step-\d+\/manifest\.json$/.test(path)) checkpoints.push(await foundCheckpoint(store, folder, sizes));
    if (/^\d+\/epochs\/epoch-\d+\/manifest\.json$/.test(path)) {
      snapshots.push({ key: folder, manifest: await readRequiredRecord(store, key, SnapshotManifest) });
    }
  }
  return { trajectories, line: lineOfDescent(trajectories), checkpoints, snapshots };
}

async function foundCheckpoint(store: ObjectStore, folder: string, sizes: ReadonlyMap<string, number>): Promise<FoundCheckpoint> {
  const manifest = await readRequiredRecord(store, `${folder}/${MANIFEST}`, CheckpointManifest);
  const torn = manifest.files.find((file) => sizes.get(`${folder}/${file.path}`) !== file.bytes);
  const damage = sizes.has(`${folder}/${SET_ASIDE}`)
    ? 'it was set aside'
    : torn === undefined
      ? null
      : `${torn.path} has ${sizes.get(`${folder}/${torn.path}`) ?? 'no'} bytes, ${torn.bytes} were written`;
  return { trajectory: manifest.trajectory, step: manifest.step, manifest, damage };
}
