import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairedRatio } from '../../cost/paired-ratio.js';

const pair = (numerator: number, denominator: number): { numerator: number; denominator: number } => ({ numerator, denominator });
const seconds = fc.double({ min: 1, max: 1000, noNaN: true });
const pairs = fc.array(fc.record({ numerator: seconds, denominator: seconds }), { minLength: 2, maxLength: 8 });

test('two pairs that disagree by 10 % give the interval of t with one degree of freedom', () => {
  const { value, low, high } = pairedRatio([pair(100, 100), pair(110, 100)]);
  const half = (12.7062 * Math.log(1.1)) / 2;
  expect(value).toBeCloseTo(Math.sqrt(1.1), 10);
  expect(low).toBeCloseTo(Math.exp(Math.log(1.1) / 2 - half), 4);
  expect(high).toBeCloseTo(Math.exp(Math.log(1.1) / 2 + half), 4);
});

test('pairs that agree have an interval without width', () => {
  const { value, low, high } = pairedRatio([pair(2, 1), pair(4, 2), pair(6, 3)]);
  for (const one of [value, low, high]) expect(one).toBeCloseTo(2, 12);
});

test('the ratio the other way round has the other interval turned over', () => {
  fc.assert(
    fc.property(pairs, (some) => {
      const there = pairedRatio(some);
      const back = pairedRatio(some.map(({ numerator, denominator }) => pair(denominator, numerator)));
      expect(back.value * there.value).toBeCloseTo(1, 8);
      expect(Math.log(back.low)).toBeCloseTo(-Math.log(there.high), 6);
    }),
  );
});

test('one pair has no interval', () => {
  expect(() => pairedRatio([pair(1, 1)])).toThrow(/two pairs or more, there are 1/);
});
