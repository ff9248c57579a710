import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunnerEvent } from '../../../src/contract/runner-event.js';
import { foldProgress, noProgress, type Progress } from '../../../src/domain/progress.js';
import { runnerEvent } from '../../fixtures/runner-events.js';

const fold = (...events: RunnerEvent[]): Progress => events.reduce(foldProgress, noProgress);
const step = (number: number, fields: { seconds?: number; num_tokens?: number; loss?: number } = {}): RunnerEvent =>
  runnerEvent('step', { step: number, ...fields });

describe('progress', () => {
  test('has a total once the steps are planned', () => {
    expect(fold(runnerEvent('planned', { total_steps: 304 }))).toMatchObject({ done: 0, total: 304, unit: 'steps' });
  });

  test('is the newest step with its loss', () => {
    expect(fold(step(1, { loss: 3 }), step(2, { loss: 2 }))).toMatchObject({ phase: 'loop', done: 2, loss: 2 });
  });

  test('ignores a step that another rank has told already', () => {
    const once = fold(step(1), step(2));
    expect(foldProgress(once, runnerEvent('step', { step: 2, rank: 1, seconds: 99, loss: 9 }))).toEqual(once);
  });

  test('of a resumed run begins where it was resumed', () => {
    expect(fold(runnerEvent('resumed', { step: 50 })).done).toBe(50);
    expect(fold(step(60), runnerEvent('resumed', { step: 50 })).done).toBe(60);
  });

  test('takes the first speed as it is and smooths those after it', () => {
    const first = fold(step(1, { num_tokens: 1000, seconds: 1 }));
    expect(first.tokensPerSecond).toBe(1000);
    expect(foldProgress(first, step(2, { num_tokens: 1000, seconds: 0.5 })).tokensPerSecond).toBeCloseTo(1100, 9);
  });

  test('expects the steps that are left to take as long', () => {
    const progress = fold(runnerEvent('planned', { total_steps: 11 }), step(1, { num_tokens: 1000, seconds: 2 }));
    expect(progress.etaSeconds).toBeCloseTo(20, 9);
  });

  test('expects nothing while the total is unknown', () => {
    expect(fold(step(1)).etaSeconds).toBeNull();
  });

  test('a step of no duration gives no endless speed', () => {
    expect(fold(step(1, { seconds: 0 }))).toMatchObject({ tokensPerSecond: 0 });
  });

  test('of predictions counts items', () => {
    expect(fold(runnerEvent('generated', { done: 64, total: 128 }))).toMatchObject({ unit: 'items', done: 64, total: 128 });
  });

  test('shows the phase of rank 0, and of another only while nothing else is known', () => {
    const imports = fold(runnerEvent('phase', { phase: 'data', rank: 1 }));
    expect(imports.phase).toBe('data');
    expect(foldProgress(imports, runnerEvent('phase', { phase: 'model', rank: 1 })).phase).toBe('data');
    expect(foldProgress(imports, runnerEvent('phase', { phase: 'model', rank: 0 })).phase).toBe('model');
  });

  test('does not depend on how the events of the ranks are mixed', () => {
    const ranks = 3;
    const story = (rank: number, steps: number): RunnerEvent[] => [
      ...(['imports', 'data', 'model', 'engine'] as const).map((phase) => runnerEvent('phase', { phase, rank })),
      runnerEvent('planned', { rank, total_steps: 20 }),
      runnerEvent('phase', { phase: 'loop', rank }),
      ...Array.from({ length: steps }, (_, index) => runnerEvent('step', { step: index + 1, rank, loss: 3 - index / 10 })),
      runnerEvent('phase', { phase: 'checkpoint', rank }),
      runnerEvent('checkpoint', { step: steps, rank }),
    ];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(fc.nat({ max: ranks - 1 }), { maxLength: 60 }), (steps, order) => {
        const stories = Array.from({ length: ranks }, (_, rank) => story(rank, steps));
        const inTurn = fold(...stories.flat());
        expect(fold(...mixed(stories, order))).toEqual(inTurn);
      }),
    );
  });
});

/** Takes from each story in its own order; `order` says whose turn it is, then the rest follows. */
function mixed(stories: readonly (readonly RunnerEvent[])[], order: readonly number[]): RunnerEvent[] {
  const left = stories.map((story) => [...story]);
  const taken = order.flatMap((rank) => left[rank]?.splice(0, 1) ?? []);
  return [...taken, ...left.flat()];
}
