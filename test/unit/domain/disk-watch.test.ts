import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diskWarning } from '../../../src/domain/disk-watch.js';

test('a disk with room for three checkpoints and a gigabyte is nothing to speak of', () => {
  expect(diskWarning('/home', 1e9, 0)).toBeNull();
  expect(diskWarning('/home', 30e9, 10e9)).toBeNull();
});

test('one with less is said to, with numbers and what to type', () => {
  expect(diskWarning('/home', 0.9e9, 0)).toBe('/home has 0.9 GB free, less than 1.0 GB: npx formwork prune shows what can go');
  expect(diskWarning('/home', 29.9e9, 10e9)).toMatch(/^\/home has 29.9 GB free, 3 checkpoints take 30.0 GB: /);
});

test('more space, or smaller checkpoints, never make a warning', () => {
  const size = fc.nat({ max: 2 ** 40 });
  fc.assert(
    fc.property(size, size, size, (free, more, checkpoint) => {
      if (diskWarning('/', free, checkpoint) !== null) return;
      expect(diskWarning('/', free + more, checkpoint)).toBeNull();
      expect(diskWarning('/', free, Math.max(0, checkpoint - more))).toBeNull();
    }),
  );
});
