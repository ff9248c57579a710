import { describe, expect, test } from 'vitest';
import { viggoTables } from '../../../../src/tasks/viggo/score-tables.js';
import { viggoTask } from '../../../../src/tasks/viggo/viggo-task.js';

const judged = (target: string, prediction: string | null) => {
  const reference = { id: target, group: target, input: 'a sentence', target };
  return { reference, prediction, score: viggoTask.judgeItem(reference, prediction) };
};

const [byFunction, slots, byAttribute] = viggoTables([
  judged('inform(name[a], rating[good])', 'inform(name[a], rating[good])'),
  judged('inform(name[b], rating[good])', 'inform(name[b], rating[poor])'),
  judged('confirm(name[c], esrb[E])', 'confirm(name[c], has_multiplayer[no])'),
  judged('confirm(name[d], esrb[E])', null),
]);

describe('viggoTables', () => {
  test('each function that occurs has its items and its shares', () => {
    expect(byFunction?.rows.map(([name, items, correct, , , values]) => [name, items, correct, values])).toEqual([
      ['inform', 2, 1, 0.5],
      ['confirm', 2, 0, 0],
    ]);
  });

  test('slots are pooled: 4 of 6 predicted are right, 4 of 8 expected are found, 5 errors on 8 expected', () => {
    expect(slots?.rows.map(([measure, value]) => [measure, value])).toEqual([
      ['precision', 4 / 6],
      ['recall', 0.5],
      ['F1', 8 / 14],
      ['error rate', 5 / 8],
    ]);
  });

  test('each attribute has what was right, wrong, missing and not expected', () => {
    expect(byAttribute?.rows).toEqual([
      ['name', 4, 3, 0, 1, 0],
      ['esrb', 2, 0, 0, 2, 0],
      ['rating', 2, 1, 1, 0, 0],
      ['has_multiplayer', 0, 0, 0, 0, 1],
    ]);
  });
});
