import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { NodeFacts } from '../../src/contract/cluster.js';
import { DatasetManifest } from '../../src/contract/dataset.js';
import { RunPlan } from '../../src/contract/plan.js';
import { StageRecord, type RunReport } from '../../src/contract/report.js';
import { RunnerEvent } from '../../src/contract/runner-event.js';
import { Comparison, ScoreSummary } from '../../src/contract/score.js';
import { Failure } from '../../src/domain/failures.js';
import { TRAINING_ROUND } from '../../src/domain/names.js';
import { planInForce } from '../../src/domain/incidents.js';
import { planChanges } from '../../src/domain/plan-changes.js';
import { runStory } from '../../src/domain/run-story.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { LedgerBook } from '../../src/platform/ledger/port.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { percent } from '../../src/report/format.js';
import { renderHtml } from '../../src/report/render-html.js';
import { renderJson } from '../../src/report/render-json.js';
import { renderMarkdown } from '../../src/report/render-markdown.js';
import { beating } from '../beating.js';
import { comparisonKey, TEST_EVALUATION } from '../evaluation/compare-on-test.js';
import { summaryKey } from '../evaluation/score-evaluation.js';
import { readRecord, readRequiredRecord } from '../storage/records.js';
import type { SnapshotRef } from '../training/close-round.js';
import { readTraining } from '../training/training-record.js';
import { compareParts } from './compare-parts.js';
import { readRunHistory } from './run-history.js';
import { readTrainingStory } from './training-story.js';
import { readUploadCosts } from './upload-costs.js';
import { readWrongAnswers } from './wrong-answers.js';

export interface BuildReportInput {
  runKey: string;
  fence: number;
  datasetId: string;
  chosen: SnapshotRef;
  /** Of this execution; those of earlier ones are in the store. */
  stages: readonly StageRecord[];
}

/** Of a run without augmentation. */
const EPOCHS_EVALUATION = 'epochs';

/** Puts the record of a run together and renders it. From the store alone, so it can be done again at any time. */
export const buildReport =
  (ports: { store: ObjectStore; ledger: LedgerBook }) =>
  (input: BuildReportInput): Promise<{ reportKey: string; message: string }> =>
    beating(async () => {
      const report = await collect(ports, input);
      const folder = runKeys.report(input.runKey);
      await ports.store.put(`${folder}/report.json`, renderJson(report));
      await ports.store.put(`${folder}/report.md`, renderMarkdown(report));
      await ports.store.put(`${folder}/report.html`, await renderHtml(report));
      const { before, after } = report.headline.comparison;
      return { reportKey: folder, message: `${percent(before.value)} before, ${percent(after.value)} after on test` };
    });

async function collect({ store, ledger }: { store: ObjectStore; ledger: LedgerBook }, input: BuildReportInput): Promise<RunReport> {
  const { runKey, fence, datasetId, chosen } = input;
  const test = runKeys.evaluation(runKey, TEST_EVALUATION);
  const summary = (model: string): Promise<ScoreSummary> => readRequiredRecord(store, summaryKey(test, model), ScoreSummary);
  const [before, after, neighbour] = await Promise.all([summary('before'), summary('after'), summary('nearest-neighbour')]);
  const planned = await readRequiredRecord(store, runKeys.plan(runKey, fence), RunPlan);
  const history = await readRunHistory(store, runKey);
  const { incidents } = history;
  const dataset = await readRequiredRecord(store, `${contentKeys.dataset(datasetId)}/${MANIFEST}`, DatasetManifest);
  const record = await readTraining(store, runKeys.round(runKey, TRAINING_ROUND));
  const story = await readTrainingStory(store, runKey, TRAINING_ROUND, record);
  return {
    runKey,
    outcome: 'completed',
    generatedAt: new Date().toISOString(),
    plan: planInForce(planned, incidents),
    planChanges: planChanges(planned, incidents),
    headline: {
      measure: after.headline,
      split: 'test',
      groups: after.groups,
      interval: after.interval,
      comparison: await readRequiredRecord(store, comparisonKey(test), Comparison),
      nearestNeighbour: neighbour.accuracy,
      judge: after.judge,
    },
    parts: compareParts({ before, after, 'nearest-neighbour': neighbour }),
    tables: after.tables,
    wrongAnswers: await readWrongAnswers(store, test, 'after'),
    epochs: await Promise.all(
      story.epochs.map(async (epoch) => ({
        ...epoch,
        accuracy: (await validationOf(store, runKey, epoch.epoch))?.accuracy ?? null,
        chosen: epoch.epoch === chosen.epoch,
      })),
    ),
    loss: story.loss,
    training: { ...story.training, weightsSha256: chosen.weightsSha256 },
    story: runStory(history),
    trajectories: record.trajectories.map(({ trajectory, fence: owner, forkedFrom, passedOver, openedAt }) => ({
      trajectory,
      fence: owner,
      forkedFrom: forkedFrom === null ? null : `trajectory ${forkedFrom.trajectory}, step ${forkedFrom.step}`,
      passedOver,
      openedAt,
    })),
    uploads: await readUploadCosts(store, runKeys.round(runKey, TRAINING_ROUND)),
    lengths: await readLengths(store, runKey),
    counts: dataset.counts,
    stages: await readStages(store, runKey, fence, input.stages),
    nodes: (await readRecord(store, runKeys.step(runKey, 'nodes'), z.array(NodeFacts))) ?? [],
    ledger: await readLedger(ledger, runKey),
    datasetId,
  };
}

/** Training and test are done: what they have cost is no reason to fail. */
async function readLedger(ledger: LedgerBook, runKey: string): Promise<RunReport['ledger']> {
  try {
    return await ledger.read(runKey);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'InvalidData') throw error;
    Context.current().log.warn('the ledger cannot be read', { runKey, error });
    return null;
  }
}

function validationOf(store: ObjectStore, runKey: string, epoch: number): Promise<ScoreSummary | null> {
  return readRecord(store, summaryKey(runKeys.evaluation(runKey, EPOCHS_EVALUATION), `epoch-${epoch}`), ScoreSummary);
}

/** Stages of all executions in order of time. */
async function readStages(store: ObjectStore, runKey: string, fence: number, own: readonly StageRecord[]): Promise<StageRecord[]> {
  const earlier: StageRecord[] = [];
  for (let n = 1; n < fence; n += 1)
    earlier.push(...((await readRecord(store, runKeys.stages(runKey, n), z.array(StageRecord))) ?? []));
  return [...earlier, ...own];
}

async function readLengths(store: ObjectStore, runKey: string): Promise<RunReport['lengths']> {
  const counted = await readRecord(store, runKeys.step(runKey, 'tokens'), RunnerEvent);
  if (counted?.kind !== 'tokenised') return [];
  return counted.splits.map((split) => ({
    split: split.split,
    rows: split.rows,
    numTokens: split.num_tokens,
    numTargetTokens: split.num_target_tokens,
    longestRow: split.longest_row,
    truncatedRows: split.truncated_rows,
  }));
}
