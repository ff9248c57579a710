import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointManifest } from '../../contract/checkpoint.js';
import { Failure } from '../../domain/failures.js';
import { TRAINING_ROUND } from '../../domain/names.js';
import { MANIFEST, runKeys, trajectoryKeys } from '../../domain/store-keys.js';
import { newestCheckpoint } from '../control/stored-run.js';
import type { FaultGround, Strike } from './fault-ground.js';
import { killRank } from './strike-ranks.js';
import { gangsToStrike } from './struck-nodes.js';

/** Smaller files are settings, and not what a rank has learned. */
const LEAST_SHARD_BYTES = 1024;

/** Damages the newest checkpoint behind everybody's back, then kills a rank, so that it is needed. */
async function damageNewest(ground: FaultGround, what: string, damage: (path: string) => Promise<void>): Promise<Strike> {
  const { store, home, runKey, random } = ground;
  // Before anything is damaged: without a rank nobody would find out.
  await gangsToStrike(home, runKey);
  const newest = await newestCheckpoint(store, runKey);
  if (newest === null)
    throw new Failure('InvalidRequest', `run ${runKey} has no checkpoint yet; --after-step waits for a later step`);
  const { trajectory, step } = newest;
  const prefix = trajectoryKeys.checkpoint(trajectoryKeys.root(runKeys.round(runKey, TRAINING_ROUND), trajectory), step);
  const manifest = await store.get(`${prefix}/${MANIFEST}`);
  if (manifest === null)
    throw new Failure('InvalidRequest', `a newer checkpoint has just taken the place of step ${step}; try again`);
  const { files } = CheckpointManifest.parse(JSON.parse(manifest.toString('utf8')));
  const shard = random.pick(files.filter(({ bytes }) => bytes >= LEAST_SHARD_BYTES));
  await damage(join(home.store(), prefix, shard.path));
  const file = `${prefix}/${shard.path}`;
  const killed = await killRank(ground).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'InvalidRequest',
      `${what} of ${file}, but no rank was killed, so the next start of the run finds it: ${why}`,
    );
  });
  return { ...killed, what: `${what} of ${file}, then ${killed.what}`, damaged: { trajectory, step } };
}

export const corruptCheckpoint = (ground: FaultGround): Promise<Strike> =>
  damageNewest(ground, 'one byte flipped in the middle', async (path) => {
    const file = await open(path, 'r+');
    try {
      const middle = Math.floor((await file.stat()).size / 2);
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, middle);
      await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, middle);
    } finally {
      await file.close();
    }
  });

export const tearShard = (ground: FaultGround): Promise<Strike> =>
  damageNewest(ground, 'second half cut off', async (path) => truncate(path, Math.floor((await stat(path)).size / 2)));
