import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CheckpointManifest } from '../../../src/contract/checkpoint.js';
import type { Random } from '../../../src/domain/random.js';
import { runKeys, trajectoryKeys } from '../../../src/domain/store-keys.js';
import { mountDisk } from '../../fixtures/small-disk.js';
import { FailingDisk } from '../failing-disk.js';
import type { Strike } from '../fault.js';
import type { Scene } from '../scene.js';
import { killRank } from './ranks.js';

/** Room for model, data, two checkpoints and the epochs of two nodes, five times over. */
const NODE_DISK_MEGABYTES = 512;
/** Less than a shard of a checkpoint (8 MB a rank), more than the events and logs of the time in which the disk is full. */
const LEFT_FREE_BYTES = 3 * 2 ** 20;
/** Some checkpoints long, so that more than one save fails in its middle. */
const FULL_MS = 30_000;
const REFILL_MS = 50;

/** Damages the newest checkpoint behind everybody's back, then kills a rank, so that it is needed. */
const damageNewest =
  (what: string, damage: (path: string) => void) =>
  async (scene: Scene, random: Random): Promise<Strike> => {
    const step = Math.max(...scene.watch.checkpoints(0));
    const prefix = trajectoryKeys.checkpoint(trajectoryKeys.root(runKeys.round(scene.runKey, '0'), 0), step);
    const folder = join(scene.home.store(), prefix);
    const { files } = CheckpointManifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    const shard = random.pick(files.filter(({ bytes }) => bytes > 1024));
    damage(join(folder, shard.path));
    const killed = await killRank(scene, random);
    return { ...killed, what: `${what} of ${shard.path} of step ${step}, then ${killed.what}`, damaged: { trajectory: 0, step } };
  };

export const corruptCheckpoint = damageNewest('one byte flipped in the middle', (path) => {
  const file = openSync(path, 'r+');
  const middle = Math.floor(statSync(path).size / 2);
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, middle);
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, middle);
  closeSync(file);
});

export const tearShard = damageNewest('second half cut off', (path) => truncateSync(path, Math.floor(statSync(path).size / 2)));

/** The nodes' disk is a file system of its own, so that it can be filled without harm to anybody else. */
export function smallNodeDisk(scene: Scene): void {
  mkdirSync(scene.home.nodes(), { recursive: true });
  const unmount = mountDisk(scene.home.nodes(), NODE_DISK_MEGABYTES);
  if (unmount === null) throw new Error('a tmpfs could be mounted a moment ago, and cannot now');
  scene.onEnd(unmount);
}

/** Somebody else's file takes whatever becomes free, until it is removed. */
export async function fillDisk(scene: Scene): Promise<Strike> {
  const disk = scene.home.nodes();
  const ballast = join(disk, '.ballast');
  const at = Date.now();
  while (Date.now() < at + FULL_MS) {
    const { bavail, bsize } = statfsSync(disk);
    const free = bavail * bsize;
    if (free > LEFT_FREE_BYTES) appendAsFits(ballast, free - LEFT_FREE_BYTES);
    await delay(REFILL_MS);
  }
  rmSync(ballast);
  return { what: `nodes' disk full for ${FULL_MS / 1000} s`, at, overAt: Date.now() };
}

/** Ranks may have taken the room in between. */
function appendAsFits(path: string, bytes: number): void {
  try {
    appendFileSync(path, Buffer.alloc(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const STORE_AWAY_MS = 60_000;
const disks = new WeakMap<Scene, FailingDisk>();

/** The store lies on a disk of its own that can be made to fail. */
export function failingStoreDisk(scene: Scene): void {
  mkdirSync(scene.home.store(), { recursive: true });
  const disk = FailingDisk.mount(scene.home.store(), join(scene.box.root, 'store.img'));
  scene.onEnd(() => disk.unmount());
  disks.set(scene, disk);
}

export async function failStore(scene: Scene): Promise<Strike> {
  const disk = disks.get(scene) as FailingDisk;
  disk.fail();
  const at = Date.now();
  await delay(STORE_AWAY_MS);
  await disk.mend();
  return { what: `every access to the store gives EIO for ${STORE_AWAY_MS / 1000} s`, at, overAt: Date.now() };
}
