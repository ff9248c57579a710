import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantilesOf } from '../../scale/quantiles.js';

test('quantiles are values that were measured, and the largest is the maximum', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
      const found = quantilesOf(values);
      expect(found?.count).toBe(values.length);
      for (const one of [found?.p50, found?.p95, found?.max]) expect(values).toContain(one);
      expect(found?.p50).toBeLessThanOrEqual(found?.p95 ?? NaN);
      expect(found?.p95).toBeLessThanOrEqual(found?.max ?? NaN);
    }),
  );
});

test('of 1 to 100 in any order the median is 50, and 95 of 100 are no more than p95', () => {
  const values = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
  expect(quantilesOf(values)).toEqual({ count: 100, p50: 50, p95: 95, max: 100 });
});

test('nothing has no quantiles', () => {
  expect(quantilesOf([])).toBeNull();
});
