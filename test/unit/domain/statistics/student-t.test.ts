import { expect, test } from 'vitest';
import { studentTQuantile } from '../../../../src/domain/statistics/student-t.js';

// Printed tables of the t distribution, two-sided.
test.each([
  [0.95, 1, 12.706],
  [0.95, 2, 4.303],
  [0.95, 3, 3.182],
  [0.95, 10, 2.228],
  [0.95, 30, 2.042],
  [0.95, 120, 1.98],
  [0.9, 5, 2.015],
  [0.99, 8, 3.355],
])('the quantile of %f with %i degrees of freedom is %f', (level, degrees, quantile) => {
  expect(studentTQuantile(level, degrees)).toBeCloseTo(quantile, 3);
});

test('with many degrees of freedom it is close to the normal quantile', () => {
  expect(studentTQuantile(0.95, 1_000_000)).toBeCloseTo(1.96, 2);
});
