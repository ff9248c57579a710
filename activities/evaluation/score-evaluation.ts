import { DatasetManifest, ReferenceRow } from '../../src/contract/dataset.js';
import {
  GeneratedPrediction,
  type Estimate,
  type ItemScore,
  type Prediction,
  type ScoreSummary,
} from '../../src/contract/score.js';
import { Failure } from '../../src/domain/failures.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { taskNamed } from '../../src/tasks/registry.js';
import { scorePredictions } from '../../src/tasks/score-predictions.js';
import { beating } from '../beating.js';
import { readRecords, readRequiredRecord, toJson, toJsonLines } from '../storage/records.js';
import { EvaluationSpec, predictionsKey } from './open-evaluation.js';
import { z } from 'zod';

/** How one model did; small enough for a history. */
export interface ModelScore {
  model: string;
  items: number;
  accuracy: Estimate;
  parts: Record<string, Estimate>;
}

export const scoresKey = (folder: string, model: string): string => `${folder}/scores-${model}.jsonl`;
export const summaryKey = (folder: string, model: string): string => `${folder}/summary-${model}.json`;

/** Judges stored predictions; needs no model, so it can be done again at any time, also with a newer judge. */
export const scoreEvaluation =
  (ports: { store: ObjectStore }) =>
  ({ runKey, id }: { runKey: string; id: string }): Promise<ModelScore[]> =>
    beating(async () => {
      const folder = runKeys.evaluation(runKey, id);
      const spec = await readRequiredRecord(ports.store, `${folder}/spec.json`, EvaluationSpec);
      const { task, references } = await readReferences(ports.store, spec, folder);
      const predictions = await readPredictions(ports.store, spec, folder);
      const scores: ModelScore[] = [];
      for (const { name } of spec.models) {
        const mine: Prediction[] = predictions
          .filter(({ model }) => model === name)
          .map((one) => ({ id: one.id, prediction: one.prediction }));
        if (mine.length !== references.length) {
          throw new Failure(
            'InvalidData',
            `model ${name} answered ${mine.length} of ${references.length} items of evaluation ${id}`,
            { folder },
          );
        }
        const judged: { scores: ItemScore[]; summary: ScoreSummary } = scorePredictions(task, references, mine);
        await ports.store.put(scoresKey(folder, name), toJsonLines(judged.scores));
        await ports.store.put(summaryKey(folder, name), toJson(judged.summary));
        scores.push({ model: name, items: judged.summary.items, accuracy: judged.summary.accuracy, parts: judged.summary.parts });
      }
      return scores;
    });

/** The references of exactly the items that were asked, in their order. */
export async function readReferences(
  store: ObjectStore,
  spec: EvaluationSpec,
  folder: string,
): Promise<{ task: ReturnType<typeof taskNamed>; references: ReferenceRow[] }> {
  const datasetKey = contentKeys.dataset(spec.datasetId);
  const dataset = await readRequiredRecord(store, `${datasetKey}/${MANIFEST}`, DatasetManifest);
  const asked = new Set((await readRecords(store, `${folder}/items.jsonl`, z.object({ id: z.string() }))).map(({ id }) => id));
  const rows = await readRecords(store, `${datasetKey}/${dataset.splits[spec.split].references.file}`, ReferenceRow);
  return { task: taskNamed(dataset.task), references: rows.filter(({ id }) => asked.has(id)) };
}

export async function readPredictions(store: ObjectStore, spec: EvaluationSpec, folder: string): Promise<GeneratedPrediction[]> {
  const shards = Array.from({ length: spec.shards }, (_, shard) =>
    readRecords(store, predictionsKey(folder, shard), GeneratedPrediction),
  );
  return (await Promise.all(shards)).flat();
}
