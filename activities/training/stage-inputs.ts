import { Context } from '@temporalio/activity';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { StoredFile } from '../../src/contract/checkpoint.js';
import { Failure } from '../../src/domain/failures.js';
import { MANIFEST } from '../../src/domain/store-keys.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';
import { readRecord } from '../storage/records.js';
import { downloadFiles } from '../storage/stored-files.js';

/** Something that a job needs on this node. */
export type StagedInput =
  /** A folder with a manifest that lists its files; only what is in the manifest is trusted. */
  | { kind: 'folder'; key: string; to: string }
  /** A single object; with `sha256` it has to be that content. With `optional` it may be missing, and what this node has itself is newer: predictions of an earlier attempt. */
  | { kind: 'file'; key: string; to: string; optional: boolean; sha256?: string };

const ListsFiles = z.object({ files: z.array(StoredFile) });

/** Written when a folder is complete, so that staging it again costs one small read. */
const STAGED = '.staged';

/**
 * Brings inputs from the store to the work folder of this node.
 * @throws Failure CheckpointIncomplete when a folder or a file is not what its manifest says.
 */
export const stageInputs =
  (ports: { jobs: JobRunner; store: ObjectStore; workLog: WorkLog }) =>
  (inputs: readonly StagedInput[]): Promise<void> => {
    let at = '';
    const stageAll = async (): Promise<void> => {
      const beganAt = new Date();
      for (const input of inputs) {
        at = input.key;
        const to = join(ports.jobs.work, input.to);
        if (input.kind === 'folder') await stageFolder(ports.store, input.key, to);
        else if (!input.optional || (await isWanted(ports.store, input.key, to))) await stageFile(ports.store, input, to);
      }
      void ports.workLog.staged(beganAt, new Date());
    };
    return beating(stageAll, () => ({ staging: at }));
  };

async function stageFolder(store: ObjectStore, key: string, to: string): Promise<void> {
  const manifest = await readRecord(store, `${key}/${MANIFEST}`, ListsFiles);
  if (manifest === null) throw new Failure('CheckpointIncomplete', `${store.uri}/${key} has no manifest`, { key });
  const mark = JSON.stringify(manifest.files);
  if ((await readFile(join(to, STAGED), 'utf8').catch(() => null)) === mark) return;
  const partial = `${to}.partial`;
  await downloadFiles(store, key, partial, manifest.files, { signal: Context.current().cancellationSignal });
  await writeFile(join(partial, STAGED), mark);
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await rename(partial, to);
}

async function stageFile(store: ObjectStore, { key, sha256 }: { key: string; sha256?: string }, to: string): Promise<void> {
  const got = await store.getFile(key, to);
  if (sha256 === undefined || got.sha256 === sha256) return;
  await rm(to, { force: true });
  throw new Failure(
    'CheckpointIncomplete',
    `${store.uri}/${key} is not what its manifest says: sha256 ${got.sha256}, expected ${sha256}; remove its folder and start again`,
    { key },
  );
}

async function isWanted(store: ObjectStore, key: string, to: string): Promise<boolean> {
  const here = (await stat(to).catch(() => null)) !== null;
  return !here && (await store.get(key)) !== null;
}
