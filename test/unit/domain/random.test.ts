import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/domain/random.js';

describe('createRandom', () => {
  test('the same seed and label give the same draws for ever', () => {
    const random = createRandom(17, 'x');
    expect([random.int(0, 99), random.int(0, 99), random.int(0, 99)]).toEqual([47, 49, 56]);
    expect(random.shuffled([1, 2, 3, 4, 5])).toEqual([4, 5, 2, 1, 3]);
  });

  test('another label gives other draws', () => {
    const draws = (label: string): number[] => {
      const random = createRandom(17, label);
      return Array.from({ length: 8 }, () => random.int(0, 1_000_000));
    };
    expect(draws('a')).not.toEqual(draws('b'));
  });

  test('a shuffle keeps every item, and leaves the given list alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const before = [...items];
        expect(
          createRandom(seed)
            .shuffled(items)
            .sort((a, b) => a - b),
        ).toEqual([...items].sort((a, b) => a - b));
        expect(items).toEqual(before);
      }),
    );
  });

  test('a subset has the asked size and the order of the list', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer()), fc.nat({ max: 12 }), fc.nat(), (items, count, seed) => {
        const subset = createRandom(seed).subset(items, count);
        expect(subset).toHaveLength(Math.min(count, items.length));
        expect(subset).toEqual(items.filter((item) => subset.includes(item)));
      }),
    );
  });

  test('items are drawn as often as their weights say', () => {
    const random = createRandom(5);
    const counts = { often: 0, seldom: 0, never: 0 };
    for (let draw = 0; draw < 10_000; draw += 1) {
      counts[
        random.weighted([
          ['never', 0],
          ['often', 9],
          ['seldom', 1],
        ] as const)
      ] += 1;
    }
    expect(counts.never).toBe(0);
    expect(counts.seldom).toBeGreaterThan(850);
    expect(counts.seldom).toBeLessThan(1150);
  });

  test('drawing from nothing is an error, not undefined', () => {
    expect(() => createRandom(1).pick([])).toThrow('the list is empty');
    expect(() => createRandom(1).weighted([['a', 0]])).toThrow('the weights add up to 0');
  });
});
