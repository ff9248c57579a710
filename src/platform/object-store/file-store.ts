import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../domain/failures.js';
import { createAtomically, filesBelow, freeBytesAt, isDraft, makeFolder, nullIfMissing, writeAtomically } from '../files.js';
import type { ObjectStore, StoredObject } from './port.js';

/** Folder for writes in progress, beside the objects so that a rename stays within the file system. */
const PARTIAL = '.partial';

/** A delete may remove the folder of a write between the two steps of the write; that it does so again and again has another cause. */
const FOLDER_TRIES = 10;

/** An object store in a directory, for one machine or a shared file system. */
export class FileStore implements ObjectStore {
  readonly uri: string;
  private readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
    this.uri = `file:${this.root}`;
  }

  async get(key: string): Promise<Buffer | null> {
    return this.guard(key, () => readFile(this.path(key)).catch(nullIfNoObject));
  }

  async put(key: string, content: string | Uint8Array): Promise<void> {
    await this.guard(key, () => inFolder(dirname(this.path(key)), () => writeAtomically(this.path(key), content)));
  }

  async putIfAbsent(key: string, content: string | Uint8Array): Promise<boolean> {
    return this.guard(key, () => inFolder(dirname(this.path(key)), () => createAtomically(this.path(key), content)));
  }

  async putFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
    return this.guard(key, async () => {
      const partial = await this.partial();
      return copyWithHash(path, partial, this.path(key), signal);
    });
  }

  async getFile(key: string, path: string, signal?: AbortSignal): Promise<{ bytes: number; sha256: string }> {
    return this.guard(`${key} or ${path}`, async () => {
      await makeFolder(dirname(path));
      return copyWithHash(this.path(key), `${path}.${randomUUID()}.partial`, path, signal).catch((error: NodeJS.ErrnoException) => {
        if (!NO_OBJECT.has(error.code)) throw error;
        throw new Failure('CheckpointIncomplete', `${this.uri} has no object ${key}`, { key }, { cause: error });
      });
    });
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    return this.guard(prefix, () => this.files(folder, (key) => key.startsWith(prefix) && !isPartial(key)));
  }

  async delete(key: string): Promise<void> {
    await this.guard(key, async () => {
      await unlink(this.path(key)).catch(nullIfNoObject);
      await this.removeEmpty(dirname(this.path(key)));
    });
  }

  async listUnfinished(): Promise<StoredObject[]> {
    return this.guard('', () => this.files('', isPartial));
  }

  async deleteUnfinished(key: string): Promise<void> {
    if (!isPartial(key)) throw new Error(`${key} is an object, and no unfinished write`);
    await this.guard(key, () => unlink(this.path(key)).catch(nullIfNoObject));
  }

  async freeBytes(): Promise<number> {
    return this.guard('', async () => {
      await makeFolder(this.root);
      return freeBytesAt(this.root);
    });
  }

  /** Files below a folder of the store, as objects. */
  private async files(folder: string, isWanted: (key: string) => boolean): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const path of filesBelow(join(this.root, folder))) {
      const key = relative(this.root, path).split(sep).join('/');
      if (!isWanted(key)) continue;
      // Deleted in between: no longer there to list.
      const stats = await stat(path).catch(nullIfMissing);
      if (stats !== null) found.push({ key, bytes: stats.size, modifiedAt: stats.mtime.toISOString() });
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** There are no folders in a store: one that holds nothing any more goes, with those above it. */
  private async removeEmpty(folder: string): Promise<void> {
    for (let path = folder; path.startsWith(this.root + sep); path = dirname(path)) {
      const isRemoved = await rmdir(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return true;
          if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST' || error.code === 'ENOTDIR') return false;
          throw error;
        },
      );
      if (!isRemoved) return;
    }
  }

  private path(key: string): string {
    const path = resolve(this.root, key);
    if (!path.startsWith(this.root + sep)) throw new Error(`key ${key} leads out of the store`);
    return path;
  }

  private async partial(): Promise<string> {
    const folder = join(this.root, PARTIAL);
    await makeFolder(folder);
    return join(folder, randomUUID());
  }

  private async guard<T>(key: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw asFailure(error, `${this.uri}/${key}`);
    }
  }
}

/** Does what needs the folder, which is made, and made again where a delete has emptied and removed it meanwhile. */
async function inFolder<T>(folder: string, act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      await makeFolder(folder);
      return await act();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === FOLDER_TRIES) throw error;
    }
  }
}

async function copyWithHash(
  from: string,
  partial: string,
  to: string,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    // flush: the object must not appear before its bytes are on disk.
    const write = createWriteStream(partial, { flush: true });
    await (signal === undefined
      ? pipeline(createReadStream(from), meter, write)
      : pipeline(createReadStream(from), meter, write, { signal }));
    await inFolder(dirname(to), () => rename(partial, to));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function isPartial(key: string): boolean {
  return key.startsWith(`${PARTIAL}/`) || isDraft(key);
}

/** A key that is but the beginning of others is a folder here, and no object. */
const NO_OBJECT = new Set<string | undefined>(['ENOENT', 'ENOTDIR', 'EISDIR']);

function nullIfNoObject(error: NodeJS.ErrnoException): null {
  if (NO_OBJECT.has(error.code)) return null;
  throw error;
}

function asFailure(error: unknown, where: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('DiskFull', `no space left to write ${where}; free space there`, { where }, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new Failure(
      'AccessDenied',
      `${where} may not be accessed (${code}); give this user the right to`,
      { where },
      { cause: error },
    );
  }
  if (code === 'EIO' || code === 'ESTALE' || code === 'ENOTCONN' || code === 'ETIMEDOUT') {
    return new Failure('StoreUnavailable', `${where} does not answer (${code})`, { where }, { cause: error });
  }
  return error;
}
