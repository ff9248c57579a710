import { appendFileSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Strike } from '../../../src/platform/faults/fault-ground.js';
import { mountDisk } from '../../fixtures/small-disk.js';
import { FailingDisk } from '../failing-disk.js';
import type { Scene } from '../scene.js';

/** Room for model, data, two checkpoints and the epochs of two nodes, five times over. */
const NODE_DISK_MEGABYTES = 512;
/** Less than a shard of a checkpoint (8 MB a rank), more than the events and logs of the time in which the disk is full. */
const LEFT_FREE_BYTES = 3 * 2 ** 20;
/** Some checkpoints long, so that more than one save fails in its middle. */
const FULL_MS = 30_000;
const REFILL_MS = 50;

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
