import { describe, expect, test } from 'vitest';
import { overdue, seen, silenceLimit, stopPatience } from '../../../src/domain/hang-watch.js';
import { runnerEvent } from '../../fixtures/runner-events.js';

const limits = { setupSeconds: 300, stepSeconds: 60, checkpointSeconds: 120 };

describe('what is known of a rank', () => {
  test('a phase says what it does from now on', () => {
    expect(seen({ phase: 'imports', atMs: 0 }, runnerEvent('phase', { phase: 'loop' }), 5)).toEqual({ phase: 'loop', atMs: 5 });
  });

  test('any other event is a sign of life and changes nothing else', () => {
    expect(seen({ phase: 'loop', atMs: 0 }, runnerEvent('step'), 7)).toEqual({ phase: 'loop', atMs: 7 });
  });
});

describe('silence', () => {
  test.each([
    ['loop', 60],
    ['checkpoint', 120],
    ['snapshot', 120],
    ['imports', 300],
    ['model', 300],
    ['validate', 300],
  ])('in phase %s may last %i seconds', (phase, seconds) => {
    expect(silenceLimit(phase, limits)).toBe(seconds);
  });

  test('up to the limit is none', () => {
    const ranks = new Map([[0, { phase: 'loop', atMs: 1000 }]]);
    expect(overdue(ranks, limits, 61_000)).toEqual([]);
    expect(overdue(ranks, limits, 61_001)).toEqual([0]);
  });

  test('is judged by what each rank does', () => {
    const ranks = new Map([
      [0, { phase: 'checkpoint', atMs: 0 }],
      [1, { phase: 'loop', atMs: 0 }],
      [2, { phase: 'loop', atMs: 50_000 }],
    ]);
    expect(overdue(ranks, limits, 100_000)).toEqual([1]);
  });
});

test('ranks asked to stop may finish what they do and write a checkpoint', () => {
  expect(stopPatience(limits)).toBe(300 + 120);
  expect(stopPatience({ ...limits, stepSeconds: 900 })).toBe(900 + 120);
});
