import { z } from 'zod';
import { CheckpointManifest, SnapshotManifest, Trajectory } from '../../src/contract/checkpoint.js';
import {
  damageOfFiles,
  lineOfDescent,
  type Descent,
  type FoundCheckpoint,
  type ResumePoint,
} from '../../src/domain/resume-point.js';
import { MANIFEST, SET_ASIDE, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';

/** A checkpoint that was found bad gets this beside its manifest; its files stay for whoever wants to know why. */
export const SetAside = z.strictObject({ why: z.string(), at: z.iso.datetime() });

/** Its ranks, or the nodes that upload it, were broken off between the first file and the manifest. */
const NEVER_FINISHED = 'its upload was never finished, it has no manifest';

interface FoundSnapshot {
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
  const begun = new Map<string, ResumePoint>();
  const snapshots: FoundSnapshot[] = [];
  for (const { key } of objects) {
    const path = key.slice(trajectoryKeys.all(round).length);
    if (/^\d+\.json$/.test(path)) trajectories.push(await readRequiredRecord(store, key, Trajectory));
    const part = /^(\d+)\/checkpoints\/step-(\d+)\//.exec(path);
    if (part !== null) begun.set(part[0], { trajectory: Number(part[1]), step: Number(part[2]) });
    if (!path.endsWith(`/${MANIFEST}`)) continue;
    const folder = key.slice(0, -MANIFEST.length - 1);
    const checkpoint = /^(\d+)\/checkpoints\/step-(\d+)\/manifest\.json$/.exec(path);
    if (checkpoint !== null) {
      const damage = await damageOf(store, folder, sizes);
      checkpoints.push({ trajectory: Number(checkpoint[1]), step: Number(checkpoint[2]), damage, isFinished: true });
    }
    if (/^\d+\/epochs\/epoch-\d+\/manifest\.json$/.test(path)) {
      const manifest = SnapshotManifest.safeParse(await readJson(store, key));
      // A torn one is none: its epoch is no candidate.
      if (manifest.success) snapshots.push({ key: folder, manifest: manifest.data });
    }
  }
  for (const [path, point] of begun) {
    if (!sizes.has(`${trajectoryKeys.all(round)}${path}${MANIFEST}`)) {
      checkpoints.push({ ...point, damage: NEVER_FINISHED, isFinished: false });
    }
  }
  return { trajectories, line: lineOfDescent(trajectories), checkpoints, snapshots };
}

/** What is wrong with a checkpoint as far as sizes tell; null: nothing. */
async function damageOf(store: ObjectStore, folder: string, sizes: ReadonlyMap<string, number>): Promise<string | null> {
  if (sizes.has(`${folder}/${SET_ASIDE}`)) {
    const mark = SetAside.safeParse(await readJson(store, `${folder}/${SET_ASIDE}`));
    return `it was set aside${mark.success ? `: ${mark.data.why}` : ''}`;
  }
  const manifest = CheckpointManifest.safeParse(await readJson(store, `${folder}/${MANIFEST}`));
  // One bad manifest must not hide the checkpoints before it.
  if (!manifest.success) return 'its manifest is torn';
  return damageOfFiles(folder, manifest.data.files, sizes);
}

async function readJson(store: ObjectStore, key: string): Promise<unknown> {
  const text = (await store.get(key))?.toString('utf8') ?? '';
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
