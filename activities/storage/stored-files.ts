import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { StoredFile } from '../../src/contract/checkpoint.js';
import { Failure } from '../../src/domain/failures.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';

/**
 * Uploads named files of a folder and checks each against the hash it was written with.
 * @throws Failure CheckpointIncomplete for one that has changed since, or is gone.
 */
export async function uploadFiles(
  store: ObjectStore,
  folder: string,
  prefix: string,
  files: readonly StoredFile[],
  options: { signal?: AbortSignal; onFile?: (file: StoredFile) => void } = {},
): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.path);
    const stored = await store.putFile(`${prefix}/${file.path}`, path, options.signal).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw new Failure('CheckpointIncomplete', `${path} is gone, before it was uploaded`, { prefix }, { cause: error });
    });
    if (stored.sha256 !== file.sha256) {
      throw new Failure(
        'CheckpointIncomplete',
        `${file.path} changed between writing and upload: sha256 ${file.sha256} became ${stored.sha256}`,
        { prefix },
      );
    }
    options.onFile?.(file);
  }
}

/** Downloads the files of a manifest; what is there with the right hash from an earlier try is not taken again. */
export async function downloadFiles(
  store: ObjectStore,
  prefix: string,
  folder: string,
  files: readonly StoredFile[],
  options: { signal?: AbortSignal; onFile?: (file: StoredFile) => void } = {},
): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.path);
    // A file appears under its name only when it is whole, so its size tells a finished one.
    const size = (await stat(path).catch(() => null))?.size;
    if (size !== file.bytes) {
      const got = await store.getFile(`${prefix}/${file.path}`, path, options.signal);
      if (got.sha256 !== file.sha256) {
        await rm(path, { force: true });
        throw new Failure(
          'CheckpointIncomplete',
          `${prefix}/${file.path} is not what its manifest says: ${got.bytes} bytes with sha256 ${got.sha256}, expected ${file.bytes} with ${file.sha256}`,
          { prefix, path: file.path },
        );
      }
    }
    options.onFile?.(file);
  }
}

/** Paths of all files below a folder, with `/`, sorted; hidden ones excepted. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
}

/** One hash for a set of files: over their names and hashes, in order of name. */
export function hashOfFiles(files: readonly StoredFile[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) hash.update(`${file.path}\0${file.sha256}\n`);
  return hash.digest('hex');
}
