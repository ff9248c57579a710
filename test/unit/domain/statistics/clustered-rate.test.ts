import { describe, expect, test } from 'vitest';
import { clusteredRate } from '../../../../src/domain/statistics/clustered-rate.js';
import { coverage } from './simulation.js';

describe('clusteredRate', () => {
  test('it may exceed 1', () => {
    expect(
      clusteredRate([
        { numerator: 5, denominator: 2 },
        { numerator: 1, denominator: 2 },
      ]).value,
    ).toBe(1.5);
  });

  test('without any event it is 0, with an upper end above 0', () => {
    const { value, low, high } = clusteredRate(Array.from({ length: 50 }, () => ({ numerator: 0, denominator: 4 })));
    expect([value, low]).toEqual([0, 0]);
    expect(high).toBeGreaterThan(0.01);
    expect(high).toBeLessThan(0.1);
  });

  test('the interval stays above 0', () => {
    const clusters = [{ numerator: 1, denominator: 3 }, ...Array.from({ length: 20 }, () => ({ numerator: 0, denominator: 3 }))];
    expect(clusteredRate(clusters).low).toBeGreaterThan(0);
  });

  test('95 % intervals cover an error rate of 0.2 in 93 to 97 % of samples', () => {
    const covered = coverage(1000, 'rate', 0.2, (random) =>
      clusteredRate(
        Array.from({ length: 150 }, () => {
          const denominator = random.int(2, 6);
          return { numerator: Array.from({ length: denominator }, () => random.chance(0.2)).filter(Boolean).length, denominator };
        }),
      ),
    );
    expect(covered).toBeGreaterThanOrEqual(0.93);
    expect(covered).toBeLessThanOrEqual(0.97);
  });
});
