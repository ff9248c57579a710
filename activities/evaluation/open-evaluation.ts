import { z } from 'zod';
import { DatasetManifest, ReferenceRow, RenderedRow } from '../../src/contract/dataset.js';
import type { JobSpec } from '../../src/contract/job.js';
import { SPLITS, type Split } from '../../src/contract/kinds.js';
import { takeEvenlyByGroup } from '../../src/domain/split.js';
import { generatePlan } from '../../src/domain/runner-plans.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { beating } from '../beating.js';
import { readPlanInForce } from '../run/incidents.js';
import { readRecords, readRequiredRecord, toJson, toJsonLines } from '../storage/records.js';
import type { StagedInput } from '../training/stage-inputs.js';

/** `evaluations/<id>/spec.json`: what was asked, for whoever scores the predictions again. */
export const EvaluationSpec = z.strictObject({
  id: z.string(),
  datasetId: z.string(),
  split: z.enum(SPLITS),
  items: z.int().describe('how many of the split'),
  models: z.array(z.strictObject({ name: z.string(), key: z.string() })),
  maxNewTokens: z.int(),
  shards: z.int().min(1),
});
export type EvaluationSpec = z.infer<typeof EvaluationSpec>;

export interface OpenEvaluationInput {
  runKey: string;
  fence: number;
  gang: number;
  id: string;
  datasetId: string;
  split: Split;
  items: number | null;
  models: { name: string; key: string }[];
  maxNewTokens: number;
  shards: number;
}

export interface OpenedEvaluation {
  shards: { spec: JobSpec; inputs: StagedInput[]; predictions: { from: string; to: string } }[];
}

export const predictionsKey = (folder: string, shard: number): string => `${folder}/predictions-${shard}.jsonl`;

/** Writes down what is asked of which models, and plans the shard of each node. This is where a split is read. */
export const openEvaluation =
  (ports: { store: ObjectStore }) =>
  (input: OpenEvaluationInput): Promise<OpenedEvaluation> =>
    beating(async () => {
      const { store } = ports;
      const folder = runKeys.evaluation(input.runKey, input.id);
      const plan = await readPlanInForce(store, input.runKey, input.fence);
      const datasetKey = contentKeys.dataset(input.datasetId);
      const dataset = await readRequiredRecord(store, `${datasetKey}/${MANIFEST}`, DatasetManifest);
      const { rendered, references } = dataset.splits[input.split];
      const rows = await readRecords(store, `${datasetKey}/${rendered.file}`, RenderedRow);
      const evenly = async (limit: number): Promise<RenderedRow[]> => {
        const all = await readRecords(store, `${datasetKey}/${references.file}`, ReferenceRow);
        const taken = new Set(takeEvenlyByGroup(all, limit, plan.training.seed).map((row) => row.id));
        return rows.filter((row) => taken.has(row.id));
      };
      const chosen = input.items === null ? rows : await evenly(input.items);
      const items = `${folder}/items.jsonl`;
      await store.put(items, toJsonLines(chosen.map(({ id, prompt }) => ({ id, prompt }))));
      const { models, maxNewTokens, id, datasetId, split, shards } = input;
      const spec: EvaluationSpec = { id, datasetId, split, items: chosen.length, models, maxNewTokens, shards };
      await store.put(`${folder}/spec.json`, toJson(spec));
      return {
        shards: Array.from({ length: shards }, (_, index) => {
          const predictions = predictionsKey(folder, index);
          const jobId = `evaluation-${id}-s${index}`;
          const job: JobSpec = {
            jobId,
            fence: { runKey: input.runKey, owner: input.fence, gang: input.gang },
            plan: generatePlan(plan, dataset, {
              models: models.map(({ name, key }) => ({ name, path: key })),
              items,
              shard: { index, count: shards },
              predictions,
              maxNewTokens,
            }),
            ranks: { first: 0, count: 1, worldSize: 1, threads: plan.cluster.threadsPerRank },
            rendezvous: null,
            limits: plan.limits,
            storePrefix: runKeys.job(input.runKey, input.fence, jobId),
            publish: null,
          };
          const inputs: StagedInput[] = [
            ...models.map(({ key }): StagedInput => ({ kind: 'folder', key, to: key })),
            { kind: 'file', key: items, to: items, optional: false },
            { kind: 'file', key: predictions, to: predictions, optional: true },
          ];
          return { spec: job, inputs, predictions: { from: predictions, to: predictions } };
        }),
      };
    });
