import { CheckpointManifest, SnapshotManifest, Trajectory } from '../../contract/checkpoint.js';
import { TRAINING_ROUND } from '../../domain/names.js';
import type { RunWeights } from '../../domain/pruning.js';
import { chooseResumePoint, damageOfFiles, inDescent, lineOfDescent, type Descent } from '../../domain/resume-point.js';
import { MANIFEST, PRUNED, runKeys, SET_ASIDE, trajectoryKeys } from '../../domain/store-keys.js';
import { totalBytes } from '../../domain/total-bytes.js';
import { readableJson } from '../object-store/json-objects.js';
import type { ObjectStore, StoredObject } from '../object-store/port.js';

/** A folder of weights below a trajectory, in any round. */
const FOLDER = /^(runs\/[^/]+\/rounds\/([^/]+)\/trajectories\/(\d+)\/(checkpoints|epochs)\/[a-z]+-(\d+))\//;

interface Folder {
  key: string;
  round: string;
  kind: RunWeights['kind'];
  trajectory: number;
  number: number;
  objects: StoredObject[];
}

/** Checkpoints and epochs of a run, and which of them its next start would go on from. */
export async function weightsOf(store: ObjectStore, runKey: string, objects: readonly StoredObject[]): Promise<RunWeights[]> {
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const line = await readLine(store, runKey, objects);
  const folders = foldersOf(objects);
  const found = await Promise.all(
    folders
      .filter(({ kind, round }) => kind === 'checkpoint' && round === TRAINING_ROUND)
      .map(async ({ key, trajectory, number }) => {
        const manifest = CheckpointManifest.safeParse(await readableJson(store, `${key}/${MANIFEST}`));
        const isUsable = manifest.success && !sizes.has(`${key}/${SET_ASIDE}`);
        const damage = isUsable ? damageOfFiles(key, manifest.data.files, sizes) : 'no gang would take it';
        return { trajectory, step: number, damage, isFinished: manifest.success };
      }),
  );
  const { resume } = chooseResumePoint(line, found);
  // Only a gang reads every byte: the one before it is what it falls back to.
  const { resume: spare } = chooseResumePoint(
    line,
    found.filter(({ trajectory, step }) => trajectory !== resume?.trajectory || step !== resume.step),
  );
  const needed = [resume, spare];
  return Promise.all(
    folders.map(async (folder): Promise<RunWeights> => {
      const { kind, key } = folder;
      if (kind === 'epoch') return epoch(store, folder, line);
      return {
        ...{ kind, key, bytes: totalBytes(folder.objects) },
        isNeeded:
          folder.round === TRAINING_ROUND &&
          needed.some((point) => point?.trajectory === folder.trajectory && point.step === folder.number),
        isLeftOver: !sizes.has(`${key}/${MANIFEST}`),
      };
    }),
  ).then((weights) => weights.filter(({ bytes, isLeftOver }) => bytes > 0 || isLeftOver));
}

/** Of an epoch that is pruned the manifest stays: what counts is the rest. */
async function epoch(store: ObjectStore, { key, objects }: Folder, line: readonly Descent[]): Promise<RunWeights> {
  const isThere = (name: string): boolean => objects.some((object) => object.key === `${key}/${name}`);
  const stays = isThere(MANIFEST) ? [`${key}/${MANIFEST}`, `${key}/${PRUNED}`] : [];
  const bytes = totalBytes(objects.filter((object) => !stays.includes(object.key)));
  const manifest = SnapshotManifest.safeParse(await readableJson(store, `${key}/${MANIFEST}`));
  return {
    ...{ kind: 'epoch', key, bytes },
    isNeeded: manifest.success && inDescent(line, manifest.data),
    isLeftOver: !isThere(MANIFEST) || (isThere(PRUNED) && bytes > 0),
  };
}

async function readLine(store: ObjectStore, runKey: string, objects: readonly StoredObject[]): Promise<Descent[]> {
  const all = trajectoryKeys.all(runKeys.round(runKey, TRAINING_ROUND));
  const keys = objects.map(({ key }) => key).filter((key) => key.startsWith(all) && /^\d+\.json$/.test(key.slice(all.length)));
  // A trajectory that cannot be read would hide all before it: that is for a person, and the run is left alone.
  return lineOfDescent(await Promise.all(keys.map(async (key) => Trajectory.parse(await readableJson(store, key)))));
}

function foldersOf(objects: readonly StoredObject[]): Folder[] {
  const folders = new Map<string, Folder>();
  for (const object of objects) {
    const [, key, round, trajectory, kind, number] = FOLDER.exec(object.key) ?? [];
    if (key === undefined) continue;
    const folder = folders.get(key);
    if (folder !== undefined) folder.objects.push(object);
    else
      folders.set(key, {
        ...{ key, round: String(round), trajectory: Number(trajectory), number: Number(number), objects: [object] },
        kind: kind === 'epochs' ? 'epoch' : 'checkpoint',
      });
  }
  return [...folders.values()];
}
