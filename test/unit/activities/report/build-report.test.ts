import { afterEach, describe, expect, test, vi } from 'vitest';
import { compareOnTest } from '../../../../activities/evaluation/compare-on-test.js';
import { scoreEvaluation } from '../../../../activities/evaluation/score-evaluation.js';
import { buildReport, type BuildReportInput } from '../../../../activities/report/build-report.js';
import { readWrongAnswers } from '../../../../activities/report/wrong-answers.js';
import { writeModelCard } from '../../../../activities/report/write-model-card.js';
import { addIncident } from '../../../../activities/run/incidents.js';
import { recordStages } from '../../../../activities/run/record-stages.js';
import { recordStep } from '../../../../activities/run/record-step.js';
import { closeRound } from '../../../../activities/training/close-round.js';
import type { CheckpointUpload } from '../../../../src/contract/checkpoint.js';
import { RunReport, type StageRecord } from '../../../../src/contract/report.js';
import type { ReferenceRow } from '../../../../src/contract/dataset.js';
import type { RunnerEvent } from '../../../../src/contract/runner-event.js';
import { MANIFEST, runKeys, trajectoryKeys } from '../../../../src/domain/store-keys.js';
import { StoredLedger } from '../../../../src/platform/ledger/stored-ledger.js';
import { FakeCompute } from '../../../fakes/fake-compute.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { ROUND, RUN_KEY, StoredRound } from '../../../fixtures/stored-run.js';
import { PreparedRun } from '../prepared-run.js';

afterEach(() => void vi.useRealTimers());

const right = ({ target }: ReferenceRow): string => target;
const wrong = (): string => 'request(specifier[new])';
const step = (number: number, loss: number): RunnerEvent =>
  runnerEvent('step', { step: number, loss, num_tokens: 100, seconds: 2 });
const stage = (name: StageRecord['stage'], note: string): StageRecord => {
  const startedAt = '2026-11-22T20:00:00.000Z';
  return { stage: name, startedAt, endedAt: startedAt, note };
};

/** The record of a run that was interrupted in its training, carried on by a second execution, and is ready for its report. */
class FinishedRun {
  private constructor(
    readonly run: PreparedRun,
    readonly round: StoredRound,
    readonly input: BuildReportInput,
  ) {}

  static async make(): Promise<FinishedRun> {
    const run = await PreparedRun.make();
    const { store } = run;
    const round = new StoredRound(store);
    round.put(runKeys.plan(RUN_KEY, 2), { ...run.plan, deadlineMinutes: 60 });
    round.trajectory(0);
    addEvents(round, 0, [runnerEvent('planned', { packing_efficiency: 0.9 }), step(1, 3), step(2, 2)], [step(3, 99)]);
    round.trajectory(1, { trajectory: 0, step: 2 }, 2);
    const validated = runnerEvent('validated', { epoch: 1, step: 4, loss: 1.1 });
    addEvents(round, 1, [runnerEvent('planned', { packing_efficiency: 0.8 }), step(3, 1.5), step(4, 1)], [validated]);
    round.snapshot(1, 1, 4);
    const { snapshots } = await closeRound({ store })({ runKey: RUN_KEY, fence: 2, round: '0' });

    const epochs = { id: 'epochs', split: 'validation' as const, models: [{ name: 'epoch-1', key: 'm' }] };
    run.answer(await run.open({ ...epochs }), { 'epoch-1': right }, 'validation');
    await act(scoreEvaluation(run), { runKey: RUN_KEY, id: 'epochs' });
    run.answer(await run.open(), { before: wrong, after: (row) => (Number(row.id) <= 2 ? wrong() : right(row)) });
    await act(scoreEvaluation(run), { runKey: RUN_KEY, id: 'test' });
    await act(compareOnTest(run), { runKey: RUN_KEY, datasetId: run.datasetId });

    const splits = [{ split: 'train', rows: 24, num_tokens: 900, num_target_tokens: 300, longest_row: 50, longest_completion: 20 }];
    const lengths = splits.map((one) => ({ ...one, truncated_rows: 0, rows_without_target: 0, histogram: [] }));
    await recordStep({ store })({ runKey: RUN_KEY, name: 'tokens', value: runnerEvent('tokenised', { splits: lengths }) });
    await recordStages({ store })({ runKey: RUN_KEY, fence: 1, stages: [stage('train', 'interrupted')] });
    const [chosen] = snapshots as [(typeof snapshots)[number]];
    return new FinishedRun(run, round, {
      ...{ runKey: RUN_KEY, fence: 2, datasetId: run.datasetId, chosen, stages: [stage('test', '10 of 12 right')] },
    });
  }

  build(): Promise<{ reportKey: string; message: string }> {
    const { store } = this.run;
    return act(buildReport({ store, ledger: new StoredLedger(store, new FakeCompute()) }), this.input);
  }

  get report(): RunReport {
    return RunReport.parse(this.run.store.needJson(`${runKeys.report(RUN_KEY)}/report.json`));
  }
}

/** Two parts of the events of rank 0. */
function addEvents(round: StoredRound, trajectory: number, ...parts: RunnerEvent[][]): void {
  let from = 0;
  for (const part of parts) {
    const text = Buffer.from(part.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const name = [from, from + text.length].map((offset) => String(offset).padStart(12, '0')).join('-');
    round.store.objects.set(`${ROUND}/trajectories/${trajectory}/node-0/events/rank-0/${name}`, text);
    from += text.length;
  }
}

describe('a report', () => {
  test('tells of each step once, along the line of descent: what was begun and abandoned is not in the curve', async () => {
    const finished = await FinishedRun.make();
    await finished.build();
    const { loss, training, trajectories } = finished.report;
    expect(loss.map((point) => [point.step, point.loss])).toEqual([
      [1, 3],
      [2, 2],
      [3, 1.5],
      [4, 1],
    ]);
    expect(training).toMatchObject({ steps: 4, numTokens: 400, seconds: 8, packingEfficiency: 0.8 });
    expect(trajectories.map(({ fence, forkedFrom }) => [fence, forkedFrom])).toEqual([
      [1, null],
      [2, 'trajectory 0, step 2'],
    ]);
  });

  test('has the epochs with their scores on validation, the chosen one marked', async () => {
    const finished = await FinishedRun.make();
    await finished.build();
    expect(finished.report.epochs).toMatchObject([
      { epoch: 1, step: 4, validationLoss: 1.1, accuracy: { value: 1 }, chosen: true },
    ]);
  });

  test('says before, after and neighbour on test, in one line too', async () => {
    const finished = await FinishedRun.make();
    const { message, reportKey } = await finished.build();
    expect(message).toMatch(/^0\.0 % before, 83\.3 % after on test$/);
    expect(reportKey).toBe(runKeys.report(RUN_KEY));
    expect(finished.report.headline.comparison).toMatchObject({ items: 12, gained: 10, lost: 0 });
    // Every row of these files has the same attributes, so a neighbour has them right; values are judged apart.
    expect(finished.report.headline.nearestNeighbour.value).toBe(1);
    expect(finished.report.parts.find(({ name }) => name === 'exact')?.nearestNeighbour.value).toBe(0);
  });

  test('shows wrong answers with what was asked and what was wanted', async () => {
    const finished = await FinishedRun.make();
    await finished.build();
    const { wrongAnswers } = finished.report;
    const [first] = finished.run.references('test') as [ReferenceRow];
    expect(wrongAnswers).toHaveLength(2);
    expect(wrongAnswers[0]).toMatchObject({ id: first.id, input: first.input, target: first.target, prediction: wrong() });
  });

  test('joins the stages of all executions, and counts lengths and rows from the record', async () => {
    const finished = await FinishedRun.make();
    await finished.build();
    const { stages, lengths, counts, plan } = finished.report;
    expect(stages.map(({ note }) => note)).toEqual(['interrupted', '10 of 12 right']);
    expect(lengths).toEqual([{ split: 'train', rows: 24, numTokens: 900, numTargetTokens: 300, longestRow: 50, truncatedRows: 0 }]);
    expect(counts).toEqual(finished.run.dataset.counts);
    expect(plan.deadlineMinutes).toBe(60);
  });

  test('has what each node has paid for its uploads, over all gangs', async () => {
    const finished = await FinishedRun.make();
    const upload = (trajectory: number, node: number, cost: Partial<CheckpointUpload> & { step: number }): void =>
      finished.round.put(trajectoryKeys.upload(`${trajectoryKeys.root(ROUND, trajectory)}/node-${node}`, cost.step), {
        ...{ node, bytes: 100, seconds: 1, passedOver: [] },
        ...{ writtenAt: '2026-11-22T20:00:00.000Z', durableAt: '2026-11-22T20:00:02.000Z' },
        ...cost,
      });
    upload(0, 0, { step: 2, seconds: 0.5 });
    upload(1, 0, { step: 4, seconds: 3, durableAt: '2026-11-22T20:00:07.000Z', passedOver: [2, 3] });
    upload(0, 1, { step: 2 });
    await finished.build();
    expect(finished.report.uploads).toEqual([
      { node: 0, uploads: 2, bytes: 200, seconds: 3.5, longestSeconds: 3, longestWaitSeconds: 7, passedOver: 2 },
      { node: 1, uploads: 1, bytes: 100, seconds: 1, longestSeconds: 1, longestWaitSeconds: 2, passedOver: 0 },
    ]);
  });

  test('has the plan as last used, and what it was before', async () => {
    const finished = await FinishedRun.make();
    const { store, plan } = finished.run;
    const change = { training: { microBatchRows: 1 }, evaluation: {}, limits: {} };
    const at = '2026-11-22T20:30:00.000Z';
    await addIncident(store, RUN_KEY, { event: 'retried', id: 'a', at, fence: 1, kind: 'OutOfMemory', change, by: 'person' });
    await finished.build();
    expect(finished.report.plan.training.microBatchRows).toBe(1);
    expect(finished.report.plan.deadlineMinutes).toBe(60);
    const from = String(plan.training.microBatchRows);
    const field = 'training.microBatchRows';
    expect(finished.report.story.map(({ what }) => what)).toContain('parked for OutOfMemory, and let go on by a person');
    expect(finished.report.planChanges).toEqual([{ at, field, from, to: '1', kind: 'OutOfMemory', byPerson: true }]);
  });

  test('twice is the same to the byte, in all three forms, but for the time at which it was made', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T22:00:00.000Z') });
    const finished = await FinishedRun.make();
    const first = await finished.build();
    const stored = new Map(finished.run.store.objects);
    expect(finished.run.store.keys(runKeys.report(RUN_KEY)).map((key) => key.split('.').at(-1))).toEqual(['html', 'json', 'md']);
    expect(await finished.build()).toEqual(first);
    expect(finished.run.store.objects).toEqual(stored);
  });

  test('is made from the record alone: it writes nothing beside itself, and reads the store only', async () => {
    const finished = await FinishedRun.make();
    const { store } = finished.run;
    const before = new Map(store.objects);
    await finished.build();
    for (const [key, content] of before) expect(store.need(key)).toEqual(content);
    expect(store.keys().filter((key) => !before.has(key))).toHaveLength(3);
  });

  test('of a run without the counts of tokens, or of the machines, has none; nothing is invented', async () => {
    const finished = await FinishedRun.make();
    finished.run.store.objects.delete(runKeys.step(RUN_KEY, 'tokens'));
    await finished.build();
    expect(finished.report).toMatchObject({ lengths: [], nodes: [] });
  });

  test.each([['summary-after.json'], ['comparison.json'], ['summary-nearest-neighbour.json']])(
    'without %s is refused rather than half told',
    async (file) => {
      const finished = await FinishedRun.make();
      finished.run.store.objects.delete(`${runKeys.evaluation(RUN_KEY, 'test')}/${file}`);
      await expect(finished.build()).rejects.toEqual(failure('InvalidData', new RegExp(`has no .*${file}`)));
      expect(finished.run.store.keys(runKeys.report(RUN_KEY))).toEqual([]);
    },
  );
});

test.each([
  [20, 10],
  [19, 10],
  [11, 10],
  [7, 7],
])('of %i wrong answers a report shows %i, spread over all of them', async (wrongItems, shown) => {
  const run = await PreparedRun.make({ train: 6, validation: 2, test: 12 });
  const ids = run.references('test').map(({ id }) => id);
  const isWrong = (id: string): boolean => ids.indexOf(id) < wrongItems;
  run.answer(await run.open(), { before: wrong, after: (row) => (isWrong(row.id) ? wrong() : right(row)) });
  await act(scoreEvaluation(run), { runKey: RUN_KEY, id: 'test' });
  const answers = await readWrongAnswers(run.store, runKeys.evaluation(RUN_KEY, 'test'), 'after');
  const places = answers.map(({ id }) => ids.indexOf(id));
  expect(places).toHaveLength(shown);
  const gaps = [...places.slice(1), wrongItems].map((place, index) => place - (places[index] as number));
  expect(places[0]).toBe(0);
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
});

test('a model card has the numbers of the record, and says where the model goes; twice it is the same', async () => {
  const { run, input } = await FinishedRun.make();
  const write = (): Promise<{ card: string; to: string }> =>
    writeModelCard(run)({ runKey: RUN_KEY, fence: 2, datasetId: run.datasetId, snapshot: input.chosen });
  const { card, to } = await write();
  expect(to).toBe(runKeys.model(RUN_KEY));
  const text = run.store.need(card);
  expect(text.toString('utf8')).toContain(input.chosen.weightsSha256);
  expect(text.toString('utf8')).toContain('83.3 %');
  await write();
  expect(run.store.need(card)).toEqual(text);
  expect(run.store.objects.has(`${to}/${MANIFEST}`)).toBe(false);
});
