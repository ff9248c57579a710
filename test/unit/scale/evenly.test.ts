import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeEvenly } from '../../scale/evenly.js';

test('so many are taken as are asked for, in their order, and all where there are fewer', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(50), (length, count) => {
      const all = Array.from({ length }, (_, index) => index);
      const taken = takeEvenly(all, count);
      expect(taken).toHaveLength(Math.min(length, count));
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
    }),
  );
});

test('four of twelve are three apart', () => {
  expect(takeEvenly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 4)).toEqual([0, 3, 6, 9]);
});
