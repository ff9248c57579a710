import { link, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readJson } from './files.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process/process-identity.js';

/** Another process removes a stale lock meanwhile, which takes it a few file operations. */
const TURN_MS = 20;

const LockHolder = z.object({ pid: z.int(), startTime: z.string() });

/**
 * Takes a lock file for this process. A lock whose holder no longer runs is taken over, so a crash leaves no lock behind.
 * @returns a release function, or the holder when somebody has it.
 */
export async function takeLock(path: string): Promise<{ release: () => Promise<void> } | { heldBy: ProcessIdentity }> {
  const own = await ownIdentity();
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(own));
  try {
    for (;;) {
      // A link appears with its whole content or not at all, and never over an existing file.
      const taken = await link(draft, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) return { release: () => rm(path, { force: true }) };
      const holder = await readJson(path, LockHolder);
      if (holder === null) continue;
      if (await isAlive(holder)) return { heldBy: holder };
      await removeStale(path, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Who has the lock now; null when nobody alive does. */
export async function lockHolder(path: string): Promise<ProcessIdentity | null> {
  const holder = await readJson(path, LockHolder);
  return holder !== null && (await isAlive(holder)) ? holder : null;
}

/**
 * Removes the file of a holder that no longer runs. Looking and removing are two steps, so the right to do it is a lock itself,
 * named after the dead: else a slow process would remove the file of whoever took the lock over in between.
 */
async function removeStale(path: string, dead: ProcessIdentity): Promise<void> {
  const right = await takeLock(`${path}.${dead.pid}-${dead.startTime.replaceAll(/\W/g, '-')}`);
  if ('heldBy' in right) {
    await delay(TURN_MS);
    return;
  }
  try {
    const holder = await readJson(path, LockHolder);
    if (holder?.pid === dead.pid && holder.startTime === dead.startTime) await rm(path, { force: true });
  } finally {
    await right.release();
  }
}
