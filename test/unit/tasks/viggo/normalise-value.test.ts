import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ATTRIBUTES } from '../../../../src/tasks/viggo/meaning.js';
import { normaliseValue } from '../../../../src/tasks/viggo/normalise-value.js';

test('normalising twice is normalising once', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ATTRIBUTES), fc.string({ unit: 'grapheme' }), (attribute, value) => {
      const once = normaliseValue(attribute, value);
      expect(normaliseValue(attribute, once)).toBe(once);
    }),
  );
});

test.each([
  ['name', 'Tin  Harbor ', 'tin harbor'],
  ['esrb', 'E10+ (for Everyone 10 and Older)', 'E 10+ (for Everyone 10 and Older)'],
  ['genres', 'puzzle, action', 'action,puzzle'],
  ['platforms', 'PC, Xbox, PC', 'Xbox, PC'],
  ['developer', 'Atelier Brume\u0301e', 'Atelier Brum\u00e9e'],
])('%s: %j and %j are the same', (attribute, left, right) => {
  expect(normaliseValue(attribute, left)).toBe(normaliseValue(attribute, right));
});

test.each([
  ['has_multiplayer', 'yes', 'true'],
  ['esrb', 'E', 'E (for Everyone)'],
  ['name', "Baker's Uprising", 'Baker\u2019s Uprising'],
  ['developer', 'Bent Arrow, LLC', 'LLC, Bent Arrow'],
  ['genres', 'action', 'action, puzzle'],
  ['name', 'Level -1', 'Level 1'],
])('%s: %j and %j are not the same', (attribute, left, right) => {
  expect(normaliseValue(attribute, left)).not.toBe(normaliseValue(attribute, right));
});
