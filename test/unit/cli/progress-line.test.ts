import { describe, expect, test } from 'vitest';
import { progressLine } from '../../../src/cli/progress-line.js';
import type { LiveProgress } from '../../../src/platform/temporal/live-progress.js';

const progress = (overrides: Partial<LiveProgress> = {}): LiveProgress => ({
  phase: 'loop',
  done: 1200,
  total: 4000,
  unit: 'steps',
  loss: 0.43219,
  trouble: null,
  tokensPerSecond: 13_101.7,
  etaSeconds: 80,
  checkpointStep: null,
  ...overrides,
});
const line = (overrides: Partial<LiveProgress> = {}, bar = false): string => progressLine(progress(overrides), { bar });

test('has step, loss, speed and time left', () => {
  expect(line()).toBe('1,200/4,000 steps, loss 0.432, 13,102 tokens/s, 1 min 20 s left');
});

test('leaves out what is not known, as of predictions', () => {
  expect(line({ unit: 'items', loss: null, tokensPerSecond: null, etaSeconds: null })).toBe('1,200/4,000 items');
});

test('names the phase instead of a time that it does not count towards', () => {
  expect(line({ phase: 'checkpoint', loss: null, tokensPerSecond: null })).toBe('1,200/4,000 steps, writing a checkpoint');
});

test.each([
  ['imports', 'loading PyTorch ...'],
  ['engine', 'starting DeepSpeed ...'],
  ['a phase of a later runner', 'a phase of a later runner ...'],
])('before the first step it is the phase: %s', (phase, expected) => {
  expect(line({ phase, done: 0 })).toBe(expected);
  expect(line({ phase, total: null })).toBe(expected);
});

describe('the bar', () => {
  const cells = (done: number, total: number): [full: number, empty: number] => {
    const text = line({ done, total }, true).split(' ')[0] ?? '';
    return [text.replaceAll('░', '').length, text.replaceAll('█', '').length];
  };

  test.each([
    [1, 4000, 0],
    [1000, 4000, 6],
    [2000, 4000, 12],
    [4000, 4000, 24],
    // Items that are made again after a restart are counted twice until the shard has caught up.
    [4100, 4000, 24],
  ])('of %i/%i has %i of 24 cells filled', (done, total, filled) => {
    expect(cells(done, total)).toEqual([filled, 24 - filled]);
  });
});
