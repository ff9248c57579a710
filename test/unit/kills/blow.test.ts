import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/domain/random.js';
import { drawBlows, type Blow } from '../../kills/blow.js';

const RUN_MS = 10_000;
const drawn = (seed: number): Blow[] => drawBlows(createRandom(seed, 'kills'), RUN_MS);

describe('blows', () => {
  test('are one to three, each within the length of a run after the one before', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const blows = drawn(seed);
        expect(blows.length).toBeGreaterThanOrEqual(1);
        expect(blows.length).toBeLessThanOrEqual(3);
        for (const { afterMs } of blows) expect(afterMs).toBeLessThanOrEqual(RUN_MS * 1.1);
      }),
    );
  });

  test('are the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(drawn(seed)).toEqual(drawn(seed));
      }),
    );
  });

  test('hit everything that runs, by kill and by pause, over as many seeds as the command has', () => {
    const all = Array.from({ length: 300 }, (_, seed) => drawn(seed)).flat();
    const kinds = new Set(all.map(({ victim, pauseMs }) => `${pauseMs === null ? 'kill' : 'pause'} ${victim}`));
    expect(kinds.size).toBe(14);
  });
});
