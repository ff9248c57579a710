import { describe, expect, test } from 'vitest';
import { compareOnTest, comparisonKey } from '../../../../activities/evaluation/compare-on-test.js';
import { EvaluationSpec } from '../../../../activities/evaluation/open-evaluation.js';
import { scoreEvaluation, scoresKey, summaryKey, type ModelScore } from '../../../../activities/evaluation/score-evaluation.js';
import type { ReferenceRow } from '../../../../src/contract/dataset.js';
import { JobSpec } from '../../../../src/contract/job.js';
import { Comparison, ItemScore, ScoreSummary } from '../../../../src/contract/score.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { RUN_KEY } from '../../../fixtures/stored-run.js';
import { PreparedRun } from '../prepared-run.js';

const FOLDER = runKeys.evaluation(RUN_KEY, 'test');
const right = ({ target }: ReferenceRow): string => target;
const wrong = (): string => 'request(specifier[new])';
const score = (run: PreparedRun, id = 'test'): Promise<ModelScore[]> => act(scoreEvaluation(run), { runKey: RUN_KEY, id });
const compare = (run: PreparedRun): Promise<{ comparison: Comparison }> =>
  act(compareOnTest(run), { runKey: RUN_KEY, datasetId: run.datasetId });

describe('opening an evaluation', () => {
  test('asks every item of the split, without its target', async () => {
    const run = await PreparedRun.make();
    await run.open();
    const items = run.lines(`${FOLDER}/items.jsonl`) as { id: string }[];
    expect(items.map((item) => Object.keys(item))).toEqual(items.map(() => ['id', 'prompt']));
    expect(items.map(({ id }) => id)).toEqual(run.references('test').map(({ id }) => id));
    expect(EvaluationSpec.parse(run.store.needJson(`${FOLDER}/spec.json`))).toMatchObject({ split: 'test', items: 12, shards: 2 });
  });

  test('reads no other split', async () => {
    const run = await PreparedRun.make();
    run.store.calls.length = 0;
    await run.open({ id: 'baseline', split: 'validation', items: 4 });
    expect(run.store.calls.map(({ key }) => key).filter((key) => /test|train/.test(key.split('/').at(-1) ?? ''))).toEqual([]);
  });

  test('for a part of a split takes items evenly by group, the same each time', async () => {
    const run = await PreparedRun.make();
    const asked = async (): Promise<string[]> => {
      await run.open({ items: 6 });
      return (run.lines(`${FOLDER}/items.jsonl`) as { id: string }[]).map(({ id }) => id);
    };
    const first = await asked();
    const groups = run.references('test').flatMap(({ id, group }) => (first.includes(id) ? [group] : []));
    expect(new Set(groups).size).toBe(6);
    expect(await asked()).toEqual(first);
  });

  test('gives each node a shard of its own, with what it needs and what was answered before', async () => {
    const run = await PreparedRun.make();
    const { shards } = await run.open({ shards: 3 });
    for (const { spec } of shards) expect(() => JobSpec.parse(spec)).not.toThrow();
    expect(shards.map(({ spec }) => spec.plan.command === 'generate' && spec.plan.shard)).toEqual(
      [0, 1, 2].map((index) => ({ index, count: 3 })),
    );
    expect(new Set(shards.map(({ predictions }) => predictions.to)).size).toBe(3);
    expect(shards[1]?.inputs).toEqual([
      ...['before', 'after'].map((name) => ({ kind: 'folder', key: `models/${name}`, to: `models/${name}` })),
      { kind: 'file', key: `${FOLDER}/items.jsonl`, to: `${FOLDER}/items.jsonl`, optional: false },
      { kind: 'file', key: `${FOLDER}/predictions-1.jsonl`, to: `${FOLDER}/predictions-1.jsonl`, optional: true },
    ]);
  });

  test('again, in the middle of it, changes nothing and forgets no prediction', async () => {
    const run = await PreparedRun.make();
    const opened = await run.open();
    run.answer(opened, { before: wrong, after: right });
    const stored = new Map(run.store.objects);
    expect(await run.open()).toEqual(opened);
    expect(run.store.objects).toEqual(stored);
  });
});

describe('scoring', () => {
  test('judges each model, and keeps every item beside the summary', async () => {
    const run = await PreparedRun.make();
    run.answer(await run.open(), { before: wrong, after: right });
    const scores = await score(run);
    expect(scores.map(({ model, items, accuracy }) => [model, items, accuracy.value])).toEqual([
      ['before', 12, 0],
      ['after', 12, 1],
    ]);
    const items = run.lines(scoresKey(FOLDER, 'after')).map((line) => ItemScore.parse(line));
    expect(items.map(({ id }) => id)).toEqual(run.references('test').map(({ id }) => id));
    expect(ScoreSummary.parse(run.store.needJson(summaryKey(FOLDER, 'before'))).accuracy.value).toBe(0);
  });

  test('again, from the stored predictions alone, gives the same to the byte', async () => {
    const run = await PreparedRun.make();
    run.answer(await run.open(), { before: wrong, after: ({ id, target }) => (id === '3' ? 'inform(name[Nobody])' : target) });
    const first = await score(run);
    const stored = new Map(run.store.objects);
    for (const key of [...stored.keys()].filter((one) => /scores-|summary-/.test(one))) run.store.objects.delete(key);
    expect(await score(run)).toEqual(first);
    expect(run.store.objects).toEqual(stored);
  });

  test('does not depend on how items were shared out over nodes', async () => {
    const run = await PreparedRun.make();
    const answers = { before: wrong, after: ({ id, target }: ReferenceRow) => (Number(id) % 3 === 0 ? '' : target) };
    const results: ModelScore[][] = [];
    for (const shards of [1, 2, 5]) {
      run.answer(await run.open({ shards }), answers);
      results.push(await score(run));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test('of part of a split holds answers against exactly the items that were asked', async () => {
    const run = await PreparedRun.make();
    run.answer(await run.open({ items: 5 }), { before: wrong, after: right });
    expect((await score(run)).map(({ items }) => items)).toEqual([5, 5]);
  });

  test('refuses a model that has not answered every item: a wrong share is worse than none', async () => {
    const run = await PreparedRun.make();
    const opened = await run.open();
    run.answer(opened, { before: wrong, after: right });
    const key = opened.shards[1]?.predictions.to ?? '';
    const lines = run.store.need(key).toString('utf8').trimEnd().split('\n');
    run.store.objects.set(key, Buffer.from(`${lines.slice(0, -1).join('\n')}\n`));
    await expect(score(run)).rejects.toEqual(failure('InvalidData', /model after answered 11 of 12 items of evaluation test/));
  });

  test('refuses a line that gpu_runner did not write, and says which', async () => {
    const run = await PreparedRun.make();
    const opened = await run.open();
    run.answer(opened, { before: wrong, after: right });
    const key = opened.shards[0]?.predictions.to ?? '';
    run.store.objects.set(key, Buffer.concat([run.store.need(key), Buffer.from('{"model": "aft')]));
    await expect(score(run)).rejects.toEqual(failure('InvalidData', /predictions-0\.jsonl line 13 is not what formwork wrote/));
  });
});

describe('comparing on test', () => {
  const scored = async (): Promise<PreparedRun> => {
    const run = await PreparedRun.make();
    const [first, second] = run.references('test') as [ReferenceRow, ReferenceRow];
    run.answer(await run.open(), {
      before: (reference) => (reference.id === first.id ? right(reference) : wrong()),
      after: (reference) => ([first.id, second.id].includes(reference.id) ? wrong() : right(reference)),
    });
    await score(run);
    return run;
  };

  test('holds the two models against each other item by item', async () => {
    const run = await scored();
    const { comparison } = await compare(run);
    expect(comparison).toMatchObject({ items: 12, gained: 10, lost: 1, before: { value: 1 / 12 }, after: { value: 10 / 12 } });
    expect(Comparison.parse(run.store.needJson(comparisonKey(FOLDER)))).toEqual(comparison);
  });

  test('judges the nearest neighbour on the same items, by the training rows alone', async () => {
    const run = await scored();
    await compare(run);
    const summary = ScoreSummary.parse(run.store.needJson(summaryKey(FOLDER, 'nearest-neighbour')));
    // No game of the test split is in the training rows, so its function is all that a neighbour can get right.
    expect(summary).toMatchObject({ items: 12, parts: { function: { value: 1 }, exact: { value: 0 } } });
  });

  test('twice gives the same, to the byte', async () => {
    const run = await scored();
    const first = await compare(run);
    const stored = new Map(run.store.objects);
    expect(await compare(run)).toEqual(first);
    expect(run.store.objects).toEqual(stored);
  });

  test('without scores of both models is refused', async () => {
    const run = await scored();
    run.store.objects.delete(scoresKey(FOLDER, 'before'));
    await expect(compare(run)).rejects.toEqual(failure('InvalidData', /has no .*scores-before\.jsonl/));
  });
});
