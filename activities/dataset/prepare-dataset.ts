import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DatasetManifest } from '../../src/contract/dataset.js';
import { SPLITS, type Split } from '../../src/contract/kinds.js';
import type { DataSource, RunPlan } from '../../src/contract/plan.js';
import { contentKeys, MANIFEST } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { parseSource } from '../../src/tasks/parse-source.js';
import { prepareDataset as prepareRows } from '../../src/tasks/prepare-dataset.js';
import { taskNamed } from '../../src/tasks/registry.js';
import { SPECIAL_TOKENS, STOP_TOKEN } from '../../src/tasks/render-row.js';
import { beating } from '../beating.js';
import { waitForPrune } from '../storage/prune-mark.js';
import { toJson, toJsonLines } from '../storage/records.js';
import { readSourceFiles } from './read-source-files.js';

export interface PreparedDataset {
  datasetId: string;
  note: string;
}

/** From a source to a stored data set, under the hash of its content: the same source gives the same one, once. */
export const prepareDataset =
  (ports: { store: ObjectStore }) =>
  ({ plan }: { plan: RunPlan }): Promise<PreparedDataset> =>
    beating(async () => {
      const prepared = prepareRows(taskNamed(plan.task), parseSource(plan.data, await readSourceFiles(plan.data)));
      const files = new Map<string, string>();
      const describe = (split: Split): DatasetManifest['splits'][Split] => {
        const { references, rendered, groups } = prepared.splits[split];
        const add = (file: string, rows: readonly unknown[]): { file: string; sha256: string } => {
          const text = toJsonLines(rows);
          files.set(file, text);
          return { file, sha256: sha256(text) };
        };
        return {
          rows: references.length,
          groups,
          rendered: add(`${split}.jsonl`, rendered),
          references: add(`${split}-references.jsonl`, references),
        };
      };
      const content: Omit<DatasetManifest, 'id'> = {
        task: plan.task,
        source: describeSource(plan.data),
        specialTokens: [...SPECIAL_TOKENS],
        stopToken: STOP_TOKEN,
        splits: { train: describe('train'), validation: describe('validation'), test: describe('test') },
        counts: prepared.counts,
      };
      const id = sha256(JSON.stringify(content));
      await waitForPrune(ports.store, contentKeys.dataset(id));
      for (const [file, text] of files) await ports.store.put(`${contentKeys.dataset(id)}/${file}`, text);
      await ports.store.putIfAbsent(`${contentKeys.dataset(id)}/${MANIFEST}`, toJson({ id, ...content }));
      return { datasetId: id, note: SPLITS.map((split) => `${content.splits[split].rows} ${split}`).join(', ') };
    });

function describeSource(data: DataSource): string {
  if (data.kind === 'practice') return `practice, seed ${data.seed}`;
  // Names, not places: the same rows elsewhere are the same data set.
  return [data.train, data.validation, data.test].flatMap((path) => (path === null ? [] : [basename(path)])).join(', ');
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
