import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusteredRatio, clusteredShare } from '../../../../src/domain/statistics/clustered-share.js';
import { totalsByGroup } from '../../../../src/domain/statistics/clusters.js';
import { coverage, drawClustered } from './simulation.js';

const items = fc.array(fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), isRight: fc.boolean() }), {
  minLength: 1,
});
const independent = (right: number, size: number) =>
  Array.from({ length: size }, (_, index) => ({ group: String(index), isRight: index < right }));
const width = ({ low, high }: { low: number; high: number }): number => high - low;

describe('clusteredShare', () => {
  test('the value is the share of right items, and lies in an interval within [0, 1]', () => {
    fc.assert(
      fc.property(items, (sample) => {
        const { value, low, high } = clusteredShare(sample);
        expect(value).toBeCloseTo(sample.filter(({ isRight }) => isRight).length / sample.length, 12);
        expect(0 <= low && low <= value && value <= high && high <= 1).toBe(true);
      }),
    );
  });

  test('the order of the items does not matter', () => {
    fc.assert(
      fc.property(items, (sample) => {
        const [one, other] = [clusteredShare(sample), clusteredShare([...sample].reverse())];
        expect(other.low).toBeCloseTo(one.low, 10);
        expect(other.high).toBeCloseTo(one.high, 10);
      }),
    );
  });

  test('right and wrong exchanged mirror the interval', () => {
    fc.assert(
      fc.property(items, (sample) => {
        const mirrored = clusteredShare(sample.map(({ group, isRight }) => ({ group, isRight: !isRight })));
        const { low, high } = clusteredShare(sample);
        expect(mirrored.low).toBeCloseTo(1 - high, 10);
        expect(mirrored.high).toBeCloseTo(1 - low, 10);
      }),
    );
  });

  test('the interval is never of width 0: none right of 100 leaves up to 4 %, all right of 100 leaves down to 96 %', () => {
    const [none, all] = [clusteredShare(independent(0, 100)), clusteredShare(independent(100, 100))];
    expect(none.low).toBe(0);
    expect(none.high).toBeCloseTo(0.0379, 3);
    expect(all.high).toBe(1);
    expect(all.low).toBeCloseTo(1 - none.high, 12);
  });

  test('without dependence it is the Wilson interval: 81 of 263 gives 25.5 to 36.6 %', () => {
    const { low, high } = clusteredShare(independent(81, 263));
    // Newcombe 1998, Statistics in Medicine 17: 857, table I; the t quantile adds less than 0.001.
    expect(low).toBeCloseTo(0.2553, 2);
    expect(high).toBeCloseTo(0.3662, 2);
  });

  test('items copied within their group do not make the interval narrower', () => {
    const once = independent(30, 60);
    const thrice = once.flatMap((item) => [item, item, item]);
    expect(width(clusteredShare(thrice))).toBeCloseTo(width(clusteredShare(once)), 10);
  });

  test('one group alone says next to nothing', () => {
    expect(width(clusteredShare(Array.from({ length: 50 }, (_, index) => ({ group: 'a', isRight: index < 25 }))))).toBeGreaterThan(
      0.95,
    );
  });

  test.each([0.5, 0.9, 0.97].flatMap((share) => [0, 0.5, 1].map((alike) => [share, alike] as const)))(
    '95 percent intervals cover a share of %f in 93 to 97 of 100 samples, items of a group alike by %f',
    (share, alike) => {
      const covered = coverage(1000, `share ${share} ${alike}`, share, (random) =>
        clusteredShare(
          drawClustered(200, alike, (source) => source.chance(share), random).map(({ group, outcome }) => ({
            group,
            isRight: outcome,
          })),
        ),
      );
      expect(covered).toBeGreaterThanOrEqual(0.93);
      expect(covered).toBeLessThanOrEqual(0.97);
    },
  );
});

describe('clusteredRatio', () => {
  test('a pooled ratio weighs groups by what they count', () => {
    const { value } = clusteredRatio([
      { numerator: 8, denominator: 8 },
      { numerator: 0, denominator: 2 },
    ]);
    expect(value).toBe(0.8);
  });

  test('nothing counted is the value 0, and anything is possible', () => {
    expect(clusteredRatio([{ numerator: 0, denominator: 0 }])).toEqual({ value: 0, low: 0, high: 1 });
  });

  test('95 % intervals of slot precision, some slots right in each of several, cover it in 93 to 97 % of samples', () => {
    const covered = coverage(1000, 'precision', 0.8, (random) => {
      const drawn = drawClustered(150, 0.6, (source) => [1, 2, 3, 4].map(() => source.chance(0.8)), random);
      const sizes = drawn.map(({ group, outcome }) => ({ group, slots: outcome.slice(0, random.int(1, 4)) }));
      const totals = ({ slots }: { slots: boolean[] }) => ({ numerator: slots.filter(Boolean).length, denominator: slots.length });
      return clusteredRatio(totalsByGroup(sizes, totals));
    });
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.97);
  });
});
