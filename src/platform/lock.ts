import { link, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readJson } from './files.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process/process-identity.js';

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

/** Moves the dead holder's file away; if another process took the lock over first, its file is put back. */
async function removeStale(path: string, dead: ProcessIdentity): Promise<void> {
  const moved = `${path}.${randomUUID()}`;
  const gone = await rename(path, moved).then(
    () => false,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return true;
      throw error;
    },
  );
  if (gone) return;
  const holder = await readJson(moved, LockHolder);
  if (holder !== null && (holder.pid !== dead.pid || holder.startTime !== dead.startTime)) {
    await link(moved, path).catch(() => undefined);
  }
  await rm(moved, { force: true });
}
