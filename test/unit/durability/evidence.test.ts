import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Home } from '../../../src/platform/home/home.js';
import { differences, testReadProblems, type Evidence } from '../../durability/evidence.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const unbroken: Evidence = {
  chosenEpoch: 2,
  weightsSha256: 'a',
  modelSha256: 'b',
  losses: ['1/0: x', '1/1: y'],
  answers: ['{"id":"1"}'],
};

describe('a run that has completed', () => {
  test('is like the unbroken one when nothing of it differs', () => {
    expect(differences({ ...unbroken, losses: [...unbroken.losses] }, unbroken)).toEqual([]);
  });

  test.each<[Partial<Evidence>, RegExp]>([
    [{ chosenEpoch: 1 }, /^chosen epoch: 1; unbroken 2/],
    [{ weightsSha256: 'other' }, /^weights/],
    [{ modelSha256: 'other' }, /^published model/],
    [{ losses: ['1/0: x'] }, /^losses/],
    [{ losses: ['1/0: x', '1/1: z'] }, /^losses/],
    [{ answers: ['{"id":"2"}'] }, /^answers on test/],
  ])('with %o is not like it', (changes, problem) => {
    expect(differences({ ...unbroken, ...changes }, unbroken)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('the test split', () => {
  const RUN = 'struck';
  const ANSWERS = ['before', 'after'].flatMap((model) => ['1', '2'].map((id) => ({ model, id })));

  /** Evaluations by id, the answers to that of test, and whether an epoch was chosen. */
  function home(evaluations: Record<string, 'validation' | 'test'>, answers = ANSWERS, isChosen = true): Home {
    const root = temporaryFolder();
    const put = (path: string, text: string): void => {
      const file = join(root, 'store', 'runs', RUN, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    };
    for (const [id, split] of Object.entries(evaluations)) {
      const models = ['before', 'after'].map((name) => ({ name, key: `models/${name}` }));
      const spec = { id, datasetId: 'd', split, items: 2, models, maxNewTokens: 8, shards: 1 };
      put(`evaluations/${id}/spec.json`, JSON.stringify(spec));
    }
    const line = (one: { model: string; id: string }): string =>
      JSON.stringify({ ...one, prediction: 'inform(x)', num_tokens: 3, stopped: true });
    if ('test' in evaluations) put('evaluations/test/predictions-0.jsonl', answers.map((one) => `${line(one)}\n`).join(''));
    if (isChosen) put('steps/evaluate.json', '{}');
    return new Home(root);
  }

  test('is read once by a run that has asked it in one evaluation, after the choice', () => {
    expect(testReadProblems(home({ baseline: 'validation', test: 'test' }), RUN, true)).toEqual([]);
  });

  test('is not read by a run that ended before', () => {
    expect(testReadProblems(home({ baseline: 'validation' }, [], false), RUN, false)).toEqual([]);
  });

  test.each<[string, () => Home, boolean, RegExp]>([
    ['by two evaluations', () => home({ baseline: 'test', test: 'test' }), true, /^2 evaluations/],
    ['by none', () => home({ baseline: 'validation' }), true, /was not read/],
    ['before the choice', () => home({ test: 'test' }, ANSWERS, false), false, /before an epoch was chosen/],
    ['with an answer too many', () => home({ test: 'test' }, [...ANSWERS, { model: 'after', id: '2' }]), false, /answered twice/],
    ['with an answer too few', () => home({ test: 'test' }, ANSWERS.slice(1)), true, /^3 answers on test, expected 4/],
  ])('read %s is told', (_, folder, hasCompleted, problem) => {
    expect(testReadProblems(folder(), RUN, hasCompleted)).toEqual([expect.stringMatching(problem)]);
  });
});
