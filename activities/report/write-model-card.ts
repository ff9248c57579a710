import { DatasetManifest } from '../../src/contract/dataset.js';
import { Comparison, ScoreSummary } from '../../src/contract/score.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { renderModelCard } from '../../src/report/render-model-card.js';
import { comparisonKey, TEST_EVALUATION } from '../evaluation/compare-on-test.js';
import { summaryKey } from '../evaluation/score-evaluation.js';
import { readPlanInForce } from '../run/incidents.js';
import { readRequiredRecord } from '../storage/records.js';
import type { SnapshotRef } from '../training/close-round.js';

/** Writes the model card to the store, from where the export takes it, and says where the model is to go. */
export const writeModelCard =
  (ports: { store: ObjectStore }) =>
  async (input: {
    runKey: string;
    fence: number;
    datasetId: string;
    snapshot: SnapshotRef;
  }): Promise<{ card: string; to: string }> => {
    const { store } = ports;
    const test = runKeys.evaluation(input.runKey, TEST_EVALUATION);
    const text = renderModelCard({
      runKey: input.runKey,
      plan: await readPlanInForce(store, input.runKey, input.fence),
      dataset: await readRequiredRecord(store, `${contentKeys.dataset(input.datasetId)}/${MANIFEST}`, DatasetManifest),
      epoch: input.snapshot.epoch,
      step: input.snapshot.step,
      weightsSha256: input.snapshot.weightsSha256,
      comparison: await readRequiredRecord(store, comparisonKey(test), Comparison),
      after: await readRequiredRecord(store, summaryKey(test, 'after'), ScoreSummary),
      nearestNeighbour: await readRequiredRecord(store, summaryKey(test, 'nearest-neighbour'), ScoreSummary),
    });
    const card = `${runKeys.root(input.runKey)}/model-card.md`;
    await store.put(card, text);
    return { card, to: runKeys.model(input.runKey) };
  };
