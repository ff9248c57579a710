import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePaired, type PairedItem } from '../../../../src/domain/statistics/paired-comparison.js';
import { coverage, drawClustered } from './simulation.js';

const items = fc.array(fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd', 'e'), before: fc.boolean(), after: fc.boolean() }), {
  minLength: 1,
});
const single = (counts: { both: number; gained: number; lost: number; neither: number }): PairedItem[] => {
  const kinds = { both: [true, true], gained: [false, true], lost: [true, false], neither: [false, false] } as const;
  const drawn = Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => kinds[kind as keyof typeof kinds]),
  );
  return drawn.map(([before, after], index) => ({ group: String(index), before, after }));
};

describe('comparePaired', () => {
  test('the difference is what was gained less what was lost, and that of the two shares', () => {
    fc.assert(
      fc.property(items, (sample) => {
        const { difference, before, after, gained, lost } = comparePaired(sample);
        expect(difference.value).toBeCloseTo((gained - lost) / sample.length, 12);
        expect(difference.value).toBeCloseTo(after.value - before.value, 12);
        expect(-1 <= difference.low && difference.low <= difference.value).toBe(true);
        expect(difference.value <= difference.high && difference.high <= 1).toBe(true);
      }),
    );
  });

  test('an interval ends at its value at the least, whatever scaling to the effective size rounds to', () => {
    const all = ['a', 'a', 'b'].map((group) => ({ group, before: false, after: true }));
    expect(comparePaired(all).difference).toMatchObject({ value: 1, high: 1 });
  });

  test('before and after exchanged mirror the interval', () => {
    fc.assert(
      fc.property(items, (sample) => {
        const one = comparePaired(sample).difference;
        const other = comparePaired(sample.map(({ group, before, after }) => ({ group, before: after, after: before }))).difference;
        expect(other.low).toBeCloseTo(-one.high, 8);
        expect(other.high).toBeCloseTo(-one.low, 8);
      }),
    );
  });

  test('predictors that agree on every item still have an interval with a width', () => {
    const { difference } = comparePaired(single({ both: 60, gained: 0, lost: 0, neither: 40 }));
    expect(difference.value).toBe(0);
    expect(difference.low).toBeLessThan(-0.02);
    expect(difference.high).toBeGreaterThan(0.02);
  });

  test('everything gained is a difference of 1 with a lower end below it', () => {
    const { difference } = comparePaired(single({ both: 0, gained: 50, lost: 0, neither: 0 }));
    expect([difference.value, difference.high]).toEqual([1, 1]);
    expect(difference.low).toBeGreaterThan(0.8);
    expect(difference.low).toBeLessThan(1);
  });

  test('with many independent items it is the textbook interval of the normal approximation', () => {
    const { difference } = comparePaired(single({ both: 5000, gained: 900, lost: 600, neither: 3500 }));
    const half = 1.96 * Math.sqrt((0.15 - 0.03 ** 2) / 10_000);
    expect(difference.low).toBeCloseTo(0.03 - half, 3);
    expect(difference.high).toBeCloseTo(0.03 + half, 3);
  });

  test('an interval without 0 needs more items where the items of a group are copies', () => {
    const once = single({ both: 20, gained: 9, lost: 2, neither: 9 });
    const copied = once.flatMap((item) => [item, item, item]);
    expect(comparePaired(copied).difference.low).toBeCloseTo(comparePaired(once).difference.low, 8);
    const apart = copied.map((item, index) => ({ ...item, group: String(index) }));
    expect(comparePaired(apart).difference.low).toBeGreaterThan(comparePaired(once).difference.low);
  });

  test.each([
    [0.1, 0.1, 0],
    [0.3, 0.02, 0.7],
    [0.6, 0.1, 0.5],
    [0.9, 0.01, 0],
  ])(
    '95 percent intervals cover the difference in 93 to 97 of 100 samples: gained %f, lost %f, items of a group alike by %f',
    (gained, lost, alike) => {
      const covered = coverage(1000, `paired ${gained} ${lost}`, gained - lost, (random) => {
        const drawn = drawClustered(
          200,
          alike,
          (source) => {
            const place = source.int(1, 1_000_000) / 1_000_000;
            if (place <= gained) return { before: false, after: true };
            return place <= gained + lost ? { before: true, after: false } : { before: true, after: true };
          },
          random,
        );
        return comparePaired(drawn.map(({ group, outcome }) => ({ group, ...outcome }))).difference;
      });
      expect(covered).toBeGreaterThanOrEqual(0.93);
      expect(covered).toBeLessThanOrEqual(0.97);
    },
  );
});
