import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';

/** Makes a folder with those above it. Says why it cannot: Node's own recursive call says ENOENT for a read-only file system. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/** Replaces a file so that a reader, or a crash at any moment, meets the old content or the new, never a part. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await withDraft(path, content, (draft) => rename(draft, path));
}

/** Writes a file unless it exists. Of several callers at once, in whatever processes, exactly one gets true. */
export async function createAtomically(path: string, content: string | Uint8Array): Promise<boolean> {
  return withDraft(path, content, async (draft) => {
    try {
      // Unlike a rename, a link never replaces what another writer put there first.
      await link(draft, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/** A write in progress: left behind by a crash, it is nobody's file. */
export const isDraft = (path: string): boolean => /^\.[0-9a-f-]{36}\.tmp$/.test(basename(path));

/** Content on disk, beside the file that it is for, while `act` gives it its name. */
async function withDraft<T>(path: string, content: string | Uint8Array, act: (draft: string) => Promise<T>): Promise<T> {
  const draft = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return await act(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Content of a JSON file held against its schema, or null when there is no such file. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readIfThere(path);
  return text === null ? null : schema.parse(JSON.parse(text));
}

export async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(nullIfMissing);
}

/**
 * Paths of all files below a folder; none where there is no such folder. Node's own recursive call fails where a folder goes while
 * it walks, and would make a folder that others tidy look empty.
 */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(nullIfMissing)) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Free space of the disk that a folder is on. */
export async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Size of all files below a folder; 0 where there is none. */
export async function bytesBelow(folder: string): Promise<number> {
  let sum = 0;
  for await (const path of filesBelow(folder)) sum += (await stat(path).catch(nullIfMissing))?.size ?? 0;
  return sum;
}

/** For `catch`: no such file, or a file where a folder would have to be, is null; anything else is thrown on. */
export function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}
