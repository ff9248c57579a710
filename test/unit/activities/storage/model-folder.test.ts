import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importModel } from '../../../../activities/dataset/import-model.js';
import { stageInputs } from '../../../../activities/training/stage-inputs.js';
import { storeModel } from '../../../../activities/training/store-model.js';
import { ModelManifest } from '../../../../src/contract/checkpoint.js';
import { Failure } from '../../../../src/domain/failures.js';
import { contentKeys, MANIFEST } from '../../../../src/domain/store-keys.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';
import { modelFolder } from '../../../fixtures/model-folder.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

const importFrom = async (store: InMemoryObjectStore, path: string): Promise<string> =>
  (await act(importModel({ store }), { path })).modelId;

describe('a model directory', () => {
  test('lies under the hash of its content: the same elsewhere is the same model, one byte more is another', async () => {
    const store = new InMemoryObjectStore();
    const folder = modelFolder();
    const copy = join(temporaryFolder(), 'copy');
    cpSync(folder, copy, { recursive: true });
    const modelId = await importFrom(store, folder);
    expect(await importFrom(store, copy)).toBe(modelId);
    writeFileSync(join(copy, 'config.json'), '{} ');
    expect(await importFrom(store, copy)).not.toBe(modelId);
  });

  test('is uploaded once, with its manifest last', async () => {
    const store = new InMemoryObjectStore();
    const folder = modelFolder();
    const modelId = await importFrom(store, folder);
    const writes = store.calls.filter(({ operation }) => operation.startsWith('put'));
    expect(writes.at(-1)).toEqual({ operation: 'put', key: `${contentKeys.model(modelId)}/${MANIFEST}` });
    await importFrom(store, folder);
    expect(store.calls.filter(({ operation }) => operation.startsWith('put'))).toEqual(writes);
  });

  test('comes with folders in it, and without what is hidden', async () => {
    const store = new InMemoryObjectStore();
    const folder = modelFolder();
    mkdirSync(join(folder, 'assets', '.cache'), { recursive: true });
    writeFileSync(join(folder, 'assets', 'merges.txt'), 'a b');
    writeFileSync(join(folder, 'assets', '.cache', 'x'), 'no');
    writeFileSync(join(folder, '.gitattributes'), 'no');
    const key = contentKeys.model(await importFrom(store, folder));
    const { files } = ModelManifest.parse(store.needJson(`${key}/${MANIFEST}`));
    expect(files.map(({ path }) => path)).toEqual(['assets/merges.txt', 'config.json', 'model.safetensors', 'tokenizer.json']);
  });

  test('whose upload broke off, or was cancelled, does not exist until the next try', async () => {
    const store = new InMemoryObjectStore();
    const folder = modelFolder();
    store.failWith(new Failure('StoreUnavailable', 'away'), ({ key }) => key.endsWith('tokenizer.json'), 1);
    await expect(importFrom(store, folder)).rejects.toThrow('away');
    const context = new ActivityContext();
    context.cancel();
    await expect(context.run(importModel({ store }), { path: folder })).rejects.toThrow(/abort|CANCELLED/i);
    expect(store.keys().filter((key) => key.endsWith(MANIFEST))).toEqual([]);
    const modelId = await importFrom(store, folder);
    expect(store.needJson(`${contentKeys.model(modelId)}/${MANIFEST}`)).toMatchObject({ id: modelId });
  });

  test('that a job made goes where it is told, and is what another node stages', async () => {
    const store = new InMemoryObjectStore();
    const jobs = new FakeJobRunner(temporaryFolder());
    cpSync(modelFolder(), join(jobs.work, 'jobs', 'export', 'output'), { recursive: true });
    const publish = storeModel({ store, jobs });
    const published = await act(publish, { from: 'jobs/export/output', to: 'runs/test/model' });
    expect(published.key).toBe('runs/test/model');
    const stored = new Map(store.objects);
    expect(await act(publish, { from: 'jobs/export/output', to: 'runs/test/model' })).toEqual(published);
    expect(store.objects).toEqual(stored);

    const other = new FakeJobRunner(temporaryFolder());
    await act(stageInputs({ store, jobs: other, workLog: new FakeWorkLog() }), [
      { kind: 'folder', key: published.key, to: 'model' },
    ]);
    expect(await importFrom(store, join(other.work, 'model'))).toBe(published.modelId);
  });
});
