import { expect, test } from 'vitest';
import { compareParts } from '../../../../activities/report/compare-parts.js';
import type { Estimate, ScoreSummary } from '../../../../src/contract/score.js';
import { failure, thrownBy } from '../../../fixtures/failure.js';

const at = (value: number): Estimate => ({ value, low: value, high: value });

const summary = (parts: Record<string, Estimate>, judge = 'viggo 1.0.0'): ScoreSummary => ({
  task: 'viggo',
  judge,
  items: 10,
  groups: 5,
  unanswered: 0,
  headline: 'right',
  accuracy: at(0.5),
  interval: '95 %',
  parts,
  verdicts: {},
  tables: [],
});

const whole = { parse: at(0.9), exact: at(0.1) };

test('every part has its three shares, in the order of the tuned model', () => {
  const parts = compareParts({
    before: summary({ exact: at(0), parse: at(0.2) }),
    after: summary(whole),
    'nearest-neighbour': summary({ parse: at(1), exact: at(0.3) }),
  });
  expect(parts).toEqual([
    { name: 'parse', before: at(0.2), after: at(0.9), nearestNeighbour: at(1) },
    { name: 'exact', before: at(0), after: at(0.1), nearestNeighbour: at(0.3) },
  ]);
});

test.each(['before', 'nearest-neighbour'] as const)('a part that %s was not judged for is a defect, not 0 %%', (predictor) => {
  const predictors = { before: summary(whole), after: summary(whole), 'nearest-neighbour': summary(whole) };
  const lacking = { ...predictors, [predictor]: summary({ parse: at(0.9) }, 'viggo 0.9.0') };
  expect(thrownBy(() => compareParts(lacking))).toEqual(
    failure('Defect', new RegExp(`${predictor} has no part exact, it has parse: .*viggo 0\\.9\\.0.*viggo 1\\.0\\.0`)),
  );
});
