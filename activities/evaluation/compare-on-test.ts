import { DatasetManifest, ReferenceRow } from '../../src/contract/dataset.js';
import { ItemScore, type Comparison } from '../../src/contract/score.js';
import { comparePaired } from '../../src/domain/statistics/paired-comparison.js';
import { Failure } from '../../src/domain/failures.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { scorePredictions } from '../../src/tasks/score-predictions.js';
import { beating } from '../beating.js';
import { readRecords, readRequiredRecord, toJson, toJsonLines } from '../storage/records.js';
import { EvaluationSpec } from './open-evaluation.js';
import { readReferences, scoresKey, summaryKey } from './score-evaluation.js';

export const TEST_EVALUATION = 'test';
export const comparisonKey = (folder: string): string => `${folder}/comparison.json`;

/** Before against after on the test split, item by item, and the nearest neighbour beside them. */
export const compareOnTest =
  (ports: { store: ObjectStore }) =>
  ({ runKey, datasetId }: { runKey: string; datasetId: string }): Promise<{ comparison: Comparison }> =>
    beating(async () => {
      const { store } = ports;
      const folder = runKeys.evaluation(runKey, TEST_EVALUATION);
      const [before, after] = await Promise.all(
        ['before', 'after'].map((model) => readRecords(store, scoresKey(folder, model), ItemScore)),
      );
      if (before === undefined || after === undefined)
        throw new Failure('InvalidData', 'the test split was not answered by both models');
      const afterById = new Map(after.map((score) => [score.id, score]));
      const comparison = comparePaired(
        before.map(({ id, group, correct }) => ({ group, before: correct, after: afterById.get(id)?.correct === true })),
      );
      await scoreNeighbour(store, folder, datasetId);
      await store.put(comparisonKey(folder), toJson(comparison));
      return { comparison };
    });

/** The predictor without learning: it looks at the training rows and at the inputs, never at a test target. */
async function scoreNeighbour(store: ObjectStore, folder: string, datasetId: string): Promise<void> {
  const spec = await readRequiredRecord(store, `${folder}/spec.json`, EvaluationSpec);
  const { task, references } = await readReferences(store, spec, folder);
  const dataset = await readRequiredRecord(store, `${contentKeys.dataset(datasetId)}/${MANIFEST}`, DatasetManifest);
  const train = await readRecords(store, `${contentKeys.dataset(datasetId)}/${dataset.splits.train.references.file}`, ReferenceRow);
  const answer = task.baseline(train);
  const judged = scorePredictions(
    task,
    references,
    references.map(({ id, input }) => ({ id, prediction: answer(input) })),
  );
  await store.put(scoresKey(folder, 'nearest-neighbour'), toJsonLines(judged.scores));
  await store.put(summaryKey(folder, 'nearest-neighbour'), toJson(judged.summary));
}
