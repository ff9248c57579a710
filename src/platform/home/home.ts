import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failures.js';
import { createAtomically, freeBytesAt, makeFolder, readJson } from '../files.js';

/** A disk that is full still takes a name, and often a few bytes; one page it does not. */
const PROBE_BYTES = 4096;

const InstallationFile = z.object({ id: z.string() });

/** The one directory that formwork writes to. */
export class Home {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  readonly store = (): string => join(this.root, 'store');
  readonly python = (): string => join(this.root, 'python');
  readonly tools = (): string => join(this.root, 'tools');
  readonly server = (): string => join(this.root, 'server');
  readonly control = (): string => join(this.root, 'control');
  readonly nodes = (): string => join(this.root, 'nodes');
  /** Held while a prune is at work. */
  readonly pruneLock = (): string => join(this.root, 'control', 'prune.lock');

  /** Makes the directory where it is missing, and refuses one that cannot be written to. */
  async open(): Promise<void> {
    try {
      for (const folder of [this.store(), this.tools(), this.server(), this.control(), this.nodes()]) {
        await makeFolder(folder);
      }
      await this.installation();
      // Folders that are there already say nothing of whether they can still be written to.
      await this.probe();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason =
        code === 'ENOSPC' ? 'the disk is full' : code === 'EROFS' ? 'the file system is read-only' : (code ?? String(error));
      throw new Failure(
        code === 'ENOSPC' ? 'DiskFull' : 'EnvironmentNotReady',
        `${this.root} cannot be written to: ${reason}; make it writable, free space, or set FORMWORK_HOME to another directory`,
        { path: this.root, code },
        { cause: error },
      );
    }
  }

  private async probe(): Promise<void> {
    const path = join(this.root, `.${randomUUID()}.tmp`);
    try {
      await writeFile(path, Buffer.alloc(PROBE_BYTES));
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Free space of its disk, also before it is made. */
  async freeBytes(): Promise<number> {
    for (let folder = this.root; ; folder = dirname(folder)) {
      const bytes = await freeBytesAt(folder).catch((error: NodeJS.ErrnoException) => {
        if ((error.code !== 'ENOENT' && error.code !== 'ENOTDIR') || dirname(folder) === folder) throw error;
        return null;
      });
      if (bytes !== null) return bytes;
    }
  }

  /** Id of this installation, made once; every machine that it leases is tagged with it. */
  async installation(): Promise<string> {
    const path = join(this.root, 'installation.json');
    const existing = await readJson(path, InstallationFile);
    if (existing !== null) return existing.id;
    const id = randomUUID();
    // Two first commands at once: both go on with the id of the one that was faster.
    return (await createAtomically(path, JSON.stringify({ id }))) ? id : this.installation();
  }
}
