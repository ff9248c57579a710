import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SPLITS } from '../../../../src/contract/kinds.js';
import { prepareDataset } from '../../../../src/tasks/prepare-dataset.js';
import { scoreFiles } from '../../../../src/tasks/score-files.js';
import { viggoTask } from '../../../../src/tasks/viggo/viggo-task.js';
import { readCsv, testDataFolder } from '../../../fixtures/test-data.js';

const folder = testDataFolder('viggo');
const files = { train: 'train.csv', validation: 'validation.csv', test: 'test_even.csv' };
const sourceOf = (name: string) => ({
  name,
  columns: { input: 'ref', target: 'mr', id: null },
  records: readCsv(join(folder ?? '', name)).map(({ ref, mr }) => ({ input: ref, target: mr })),
});

describe.skipIf(folder === null)('the public ViGGO files', () => {
  test.each(Object.values(files))('the gold of %s scored against itself is exact throughout', (name) => {
    const rows = readCsv(join(folder ?? '', name)).map((row, index) => ({ id: `${index + 1}`, ...row }));
    const predictions = rows.map((row) => ({ id: row.id, prediction: (row as Record<string, string>).mr }));
    const { summary } = scoreFiles(viggoTask, { name, lines: rows }, { name: 'predictions', lines: predictions });
    expect(summary.verdicts).toEqual({ exact: rows.length });
    expect(summary.accuracy.value).toBe(1);
    expect(summary.tables[1]?.rows.map(([measure, value]) => [measure, value])).toEqual([
      ['precision', 1],
      ['recall', 1],
      ['F1', 1],
      ['error rate', 0],
    ]);
  });

  const prepared = (): ReturnType<typeof prepareDataset> =>
    prepareDataset(viggoTask, {
      kind: 'files',
      train: sourceOf(files.train),
      validation: sourceOf(files.validation),
      test: sourceOf(files.test),
      heldOutShare: 0.1,
      seed: 17,
    });

  test('every row parses, and none is lost but 7 training rows that stand there twice', () => {
    const { splits } = prepared();
    expect(SPLITS.map((split) => splits[split].references.length)).toEqual([5096, 714, 543]);
    expect(SPLITS.map((split) => splits[split].groups)).toEqual([1675, 238, 180]);
  });

  test('the nearest neighbour answers 500 sentences from 5,103 rows within seconds', () => {
    const { splits } = prepared();
    const started = performance.now();
    const answer = viggoTask.baseline(splits.train.references);
    for (const { input } of splits.validation.references.slice(0, 500)) expect(answer(input)).not.toBe('');
    // Half a second where nothing else runs; the bound leaves room for a busy machine.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
