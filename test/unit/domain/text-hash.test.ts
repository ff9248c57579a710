import { expect, test } from 'vitest';
import { hashShare, textHash } from '../../../src/domain/text-hash.js';

test('the hash of a text is the same for ever: splits and practice rows depend on it', () => {
  expect(['', 'a', 'inform(name[Fjørd])'].map(textHash)).toEqual([2872998923, 2448022055, 3079813717]);
});

test('shares of similar texts are spread evenly', () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 20_000; index += 1) {
    const tenth = Math.floor(hashShare(`row-${index}`) * 10);
    counts[tenth] = (counts[tenth] ?? 0) + 1;
  }
  // 2,000 are expected in each; five standard deviations are 212.
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(212);
});
