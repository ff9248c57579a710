import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prepareDataset, type PreparedDataset } from '../../../../activities/dataset/prepare-dataset.js';
import { DatasetManifest, RenderedRow } from '../../../../src/contract/dataset.js';
import { SPLITS, type Split } from '../../../../src/contract/kinds.js';
import { Failure } from '../../../../src/domain/failures.js';
import { contentKeys, MANIFEST } from '../../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { runPlan } from '../../../fixtures/run-plan.js';
import { sha256 } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';
import { dataFiles, filesPlan } from '../prepared-run.js';

const prepare = (store: InMemoryObjectStore, files: Record<Split, string>): Promise<PreparedDataset> =>
  act(prepareDataset({ store }), { plan: filesPlan(files) });

describe('a data set', () => {
  test('lies under the hash of its content, with files that are what its manifest says', async () => {
    const store = new InMemoryObjectStore();
    const { datasetId, note } = await prepare(store, dataFiles());
    expect(note).toBe('24 train, 8 validation, 12 test');
    const folder = contentKeys.dataset(datasetId);
    const { id, ...content } = DatasetManifest.parse(store.needJson(`${folder}/${MANIFEST}`));
    expect(id).toBe(datasetId);
    expect(sha256(JSON.stringify(content))).toBe(datasetId);
    for (const split of SPLITS) {
      const { rows, rendered, references } = content.splits[split];
      for (const { file, sha256: hash } of [rendered, references]) expect(sha256(store.need(`${folder}/${file}`))).toBe(hash);
      const lines = store.need(`${folder}/${rendered.file}`).toString('utf8').trimEnd().split('\n');
      expect(lines.map((line) => RenderedRow.parse(JSON.parse(line)))).toHaveLength(rows);
    }
  });

  test('is the same wherever its files lie', async () => {
    const store = new InMemoryObjectStore();
    const files = dataFiles();
    const elsewhere = temporaryFolder();
    cpSync(dirname(files.train), elsewhere, { recursive: true });
    const moved = Object.fromEntries(SPLITS.map((split) => [split, join(elsewhere, `${split}.csv`)])) as Record<Split, string>;
    const first = await prepare(store, files);
    const stored = new Map(store.objects);
    expect(await prepare(store, moved)).toEqual(first);
    expect(store.objects).toEqual(stored);
    for (const content of stored.values()) expect(content.toString('utf8')).not.toContain(dirname(files.train));
  });

  test('is another when one letter of one row is', async () => {
    const store = new InMemoryObjectStore();
    const files = dataFiles();
    const first = await prepare(store, files);
    writeFileSync(files.test, readFileSync(files.test, 'utf8').replace('wording 2', 'wording 3'));
    expect((await prepare(store, files)).datasetId).not.toBe(first.datasetId);
  });

  test('prepared twice is the same, and its manifest is written last', async () => {
    const store = new InMemoryObjectStore();
    const files = dataFiles();
    const { datasetId } = await prepare(store, files);
    const folder = contentKeys.dataset(datasetId);
    expect(store.calls.at(-1)).toEqual({ operation: 'putIfAbsent', key: `${folder}/${MANIFEST}` });
    const stored = new Map(store.objects);
    expect((await prepare(store, files)).datasetId).toBe(datasetId);
    expect(store.objects).toEqual(stored);
  });

  test('that broke off does not exist, and is whole after the next try', async () => {
    const store = new InMemoryObjectStore();
    const files = dataFiles();
    store.failWith(new Failure('StoreUnavailable', 'away'), ({ key }) => key.endsWith('/test.jsonl'), 1);
    await expect(prepare(store, files)).rejects.toThrow('away');
    expect(store.keys().filter((key) => key.endsWith(MANIFEST))).toEqual([]);
    const { datasetId } = await prepare(store, files);
    const { splits } = DatasetManifest.parse(store.needJson(`${contentKeys.dataset(datasetId)}/${MANIFEST}`));
    for (const split of SPLITS)
      expect(store.objects.has(`${contentKeys.dataset(datasetId)}/${splits[split].rendered.file}`)).toBe(true);
  });

  test('whose file is gone since the plan names the file', async () => {
    const files = dataFiles();
    rmSync(files.validation);
    await expect(prepare(new InMemoryObjectStore(), files)).rejects.toEqual(
      failure('InvalidData', /validation\.csv cannot be read \(ENOENT\)/),
    );
  });

  test('of practice rows needs no file, and is another with another seed', async () => {
    const store = new InMemoryObjectStore();
    const of = async (seed: number): Promise<string> =>
      (await act(prepareDataset({ store }), { plan: runPlan({ data: { seed } }) })).datasetId;
    expect(await of(18)).not.toBe(await of(17));
  });
});
