import { CheckpointManifest, Trajectory } from '../../contract/checkpoint.js';
import { STAGES } from '../../contract/kinds.js';
import type { LogTail, StoredRun } from '../../contract/run-situation.js';
import { lastLogs, type RankLog } from '../../domain/last-logs.js';
import { TRAINING_ROUND } from '../../domain/names.js';
import { inDescent, lineOfDescent } from '../../domain/resume-point.js';
import { capsOf } from '../../domain/spend-cap.js';
import { MANIFEST, runKeys, SET_ASIDE, trajectoryKeys } from '../../domain/store-keys.js';
import { readableJson } from '../object-store/json-objects.js';
import type { ObjectStore } from '../object-store/port.js';
import { knownRun } from './open-runs.js';
import { resumableRun } from './resumable-run.js';

/** Enough for the end of a Python traceback. */
const TAIL_LINES = 8;

/** What the store knows of a run: who carries it, what is finished, what the next gang would go on from, the last words of its ranks. */
export async function storedRun(store: ObjectStore, runKey: string): Promise<StoredRun> {
  const keys = (await store.list(`${runKeys.root(runKey)}/`)).map(({ key }) => key);
  const { owner, ended } = await knownRun(store, runKey);
  // A look at a run must not fail on a record that the next start names.
  const resumable = await resumableRun(store, runKey).catch(() => null);
  const request = runKeys.request(runKey);
  return {
    request: keys.includes(request) ? `${store.uri}/${request}` : null,
    owner,
    ended,
    finished: STAGES.filter((stage) => keys.includes(runKeys.step(runKey, stage))),
    checkpoint: await newestAmong(store, runKey, keys),
    caps: resumable === null ? null : capsOf(resumable.plan),
    recovery:
      resumable === null ? null : { made: resumable.made, settings: resumable.plan.recovery, deadlineAt: resumable.deadlineAt },
    logs: await Promise.all(lastLogs(runKeys.root(runKey), keys).map((log) => tailOf(store, log))),
  };
}

/** What the next gang would go on from, before it has looked at the sizes of its files. */
export async function newestCheckpoint(store: ObjectStore, runKey: string): Promise<StoredRun['checkpoint']> {
  const all = trajectoryKeys.all(runKeys.round(runKey, TRAINING_ROUND));
  return newestAmong(
    store,
    runKey,
    (await store.list(all)).map(({ key }) => key),
  );
}

/** By their names alone, without the sizes that a gang looks at before it takes one. */
async function newestAmong(store: ObjectStore, runKey: string, keys: readonly string[]): Promise<StoredRun['checkpoint']> {
  const all = trajectoryKeys.all(runKeys.round(runKey, TRAINING_ROUND));
  const paths = keys.filter((key) => key.startsWith(all)).map((key) => key.slice(all.length));
  const records = paths.filter((path) => /^\d+\.json$/.test(path)).map((path) => readableJson(store, `${all}${path}`));
  const line = lineOfDescent((await Promise.all(records)).flatMap((value) => Trajectory.safeParse(value).data ?? []));
  const found = paths
    .flatMap((path) => {
      const match = /^(\d+)\/checkpoints\/step-(\d+)\/manifest\.json$/.exec(path);
      return match === null
        ? []
        : [{ trajectory: Number(match[1]), step: Number(match[2]), folder: path.slice(0, -MANIFEST.length) }];
    })
    .filter((point) => inDescent(line, point) && !paths.includes(`${point.folder}${SET_ASIDE}`))
    .sort((a, b) => b.step - a.step);
  for (const { trajectory, step, folder } of found) {
    const manifest = CheckpointManifest.safeParse(await readableJson(store, `${all}${folder}${MANIFEST}`));
    // One bad manifest must not hide the checkpoints before it.
    if (manifest.success) return { round: TRAINING_ROUND, trajectory, step, committedAt: manifest.data.committedAt };
  }
  return null;
}

async function tailOf(store: ObjectStore, { source, rank, parts }: RankLog): Promise<LogTail> {
  let lines: string[] = [];
  const read: Buffer[] = [];
  for (const part of [...parts].reverse()) {
    read.unshift((await store.get(part)) ?? Buffer.alloc(0));
    lines = Buffer.concat(read).toString('utf8').trimEnd().split('\n');
    if (lines.length > TAIL_LINES) break;
  }
  return { source, rank, lines: lines.slice(-TAIL_LINES) };
}
