import { describe, expect, test } from 'vitest';
import { ItemScore, ScoreSummary } from '../../../src/contract/score.js';
import { scoreFiles } from '../../../src/tasks/score-files.js';
import { viggoTask } from '../../../src/tasks/viggo/viggo-task.js';
import { invalidData } from './invalid-data.js';

const references = [
  { id: 'a', ref: 'one', mr: 'inform(name[x])' },
  { id: 'b', ref: 'two', mr: 'inform(name[x])' },
  { id: 'c', ref: 'three', mr: 'confirm(name[y])' },
];
const score = (lines: unknown[], predictions: unknown[]) =>
  scoreFiles(viggoTask, { name: 'gold.jsonl', lines }, { name: 'answers.jsonl', lines: predictions });

describe('scoreFiles', () => {
  const { scores, summary } = score(references, [
    { id: 'b', prediction: 'inform(name[z])' },
    { id: 'a', prediction: 'inform(name[x])', num_tokens: 9 },
  ]);

  test('there is one score for each reference, in their order', () => {
    expect(scores.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['a', 'exact'],
      ['b', 'wrong_values'],
      ['c', 'no_answer'],
    ]);
    for (const item of scores) expect(() => ItemScore.parse(item)).not.toThrow();
  });

  test('the summary counts a missing prediction as wrong, and references of one meaning as one group', () => {
    expect(() => ScoreSummary.parse(summary)).not.toThrow();
    expect(summary).toMatchObject({ task: 'viggo', judge: 'viggo/1', items: 3, groups: 2, unanswered: 1 });
    expect(summary.accuracy.value).toBeCloseTo(2 / 3, 12);
    expect(summary.parts.exact?.value).toBeCloseTo(1 / 3, 12);
    expect(summary.verdicts).toEqual({ exact: 1, wrong_values: 1, no_answer: 1 });
  });

  test('references as a run stores them give the same scores', () => {
    const stored = references.map(({ id, ref, mr }) => ({ id, group: mr, input: ref, target: mr }));
    expect(score(stored, [{ id: 'a', prediction: 'inform(name[x])' }]).scores).toEqual(
      score(references, [{ id: 'a', prediction: 'inform(name[x])' }]).scores,
    );
  });

  test('ids may be numbers on one side and texts on the other', () => {
    expect(score([{ ...references[0], id: 1 }], [{ id: '1', prediction: 'inform(name[x])' }]).summary.accuracy.value).toBe(1);
  });

  test.each<[string, unknown[], unknown[], string]>([
    ['no references', [], [], 'gold.jsonl has no rows'],
    ['a reference that is no object', ['x'], [], 'gold.jsonl row 1 is not a JSON object: a line is one object'],
    ['a reference without a column', [{ id: 'a', ref: 'x' }], [], 'gold.jsonl row 1 has no field "mr"'],
    ['a reference without an id', [{ ref: 'x', mr: 'inform(name[x])' }], [], 'gold.jsonl row 1 has no field "id"'],
    ['an id twice', [references[0], references[0]], [], 'gold.jsonl row 2 has the id "a" of row 1'],
    [
      'a reference that does not parse',
      [{ id: 'a', ref: 'x', mr: 'y' }],
      [],
      'gold.jsonl row 1 has no viggo reference in "mr": there is no call',
    ],
    ['a prediction that is no object', references, [null], 'answers.jsonl row 1 is not a JSON object'],
    ['a prediction without its text', references, [{ id: 'a' }], 'answers.jsonl row 1 has no text in "prediction"'],
    ['a prediction without an id', references, [{ prediction: 'x' }], 'answers.jsonl row 1 has no text in "id"'],
    ['an unknown id', references, [{ id: 'q', prediction: 'x' }], 'the prediction "q" has no reference among 3'],
    [
      'two predictions of one id',
      references,
      [
        { id: 'a', prediction: 'x' },
        { id: 'a', prediction: 'x' },
      ],
      'there are two predictions for "a": keep one',
    ],
  ])('%s is refused with place and remedy', (_, lines, predictions, message) => {
    expect(() => score(lines, predictions)).toThrow(invalidData(message));
  });
});
