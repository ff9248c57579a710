import { Context } from '@temporalio/activity';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ModelManifest, StoredFile } from '../../src/contract/checkpoint.js';
import { contentKeys, MANIFEST } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { beating } from '../beating.js';
import { waitForPrune } from './prune-mark.js';
import { toJson } from './records.js';
import { hashOfFiles, listFiles, uploadFiles } from './stored-files.js';

/**
 * Stores a model directory. Under its content's hash, unless `to` names another place.
 * @param folder absolute path.
 */
export function storeModelFolder(store: ObjectStore, folder: string, to: string | null): Promise<{ modelId: string; key: string }> {
  return beating(async () => {
    const { cancellationSignal: signal } = Context.current();
    const files = await Promise.all((await listFiles(folder)).map((path) => hashFile(folder, path)));
    const modelId = hashOfFiles(files);
    const key = to ?? contentKeys.model(modelId);
    const manifest: ModelManifest = { id: modelId, files };
    await waitForPrune(store, key);
    if ((await store.get(`${key}/${MANIFEST}`))?.toString('utf8') === toJson(manifest)) return { modelId, key };
    await uploadFiles(store, folder, key, files, { signal });
    await store.put(`${key}/${MANIFEST}`, toJson(manifest));
    return { modelId, key };
  });
}

async function hashFile(folder: string, path: string): Promise<StoredFile> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, path)), hash);
  return { path, bytes: (await stat(join(folder, path))).size, sha256: hash.digest('hex') };
}
