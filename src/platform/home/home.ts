import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failures.js';
import { createAtomically, makeFolder, readJson } from '../files.js';

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

  /** Makes the directory where it is missing, and refuses one that cannot be written to. */
  async open(): Promise<void> {
    try {
      for (const folder of [this.store(), this.tools(), this.server(), this.control(), this.nodes()]) {
        await makeFolder(folder);
      }
      await this.installation();
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
