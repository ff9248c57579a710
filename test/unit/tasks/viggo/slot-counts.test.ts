import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Slot } from '../../../../src/tasks/viggo/meaning.js';
import { parseMeaning } from '../../../../src/tasks/viggo/parse-meaning.js';
import { countSlots } from '../../../../src/tasks/viggo/slot-counts.js';
import { anyMeaning } from './any-meaning.js';

const slots = (text: string): Slot[] => parseMeaning(`inform(${text})`).meaning?.slots ?? [];

test.each([
  ['name[a], rating[good]', 'name[a], rating[good]', { found: 2, missing: 0, extra: 0, wrong: 0 }],
  ['name[a], rating[good]', 'name[a], rating[poor]', { found: 1, missing: 0, extra: 0, wrong: 1 }],
  ['name[a], rating[good]', 'name[a]', { found: 1, missing: 1, extra: 0, wrong: 0 }],
  ['name[a]', 'name[a], rating[good]', { found: 1, missing: 0, extra: 1, wrong: 0 }],
  ['name[a]', 'rating[good]', { found: 0, missing: 1, extra: 1, wrong: 0 }],
  ['name[a]', 'name[a], name[a]', { found: 1, missing: 0, extra: 1, wrong: 0 }],
  ['genres[action, puzzle]', 'genres[puzzle, action]', { found: 1, missing: 0, extra: 0, wrong: 0 }],
])('%s against %s', (expected, predicted, counts) => {
  expect(countSlots(slots(expected), slots(predicted))).toMatchObject(counts);
});

test('without a readable call every slot is missing', () => {
  expect(countSlots(slots('name[a], rating[good]'), null)).toEqual({
    ...{ found: 0, expected: 2, predicted: 0, missing: 2, extra: 0, wrong: 0 },
  });
});

test('every expected slot is found, wrong or missing; every predicted one found, wrong or extra', () => {
  fc.assert(
    fc.property(anyMeaning, anyMeaning, (expected, predicted) => {
      const counts = countSlots(expected.slots, predicted.slots);
      expect(counts.found + counts.wrong + counts.missing).toBe(expected.slots.length);
      expect(counts.found + counts.wrong + counts.extra).toBe(predicted.slots.length);
    }),
  );
});
