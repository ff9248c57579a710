import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DutyQueue } from '../../../../activities/training/duty-queue.js';
import type { Duty } from '../../../../activities/training/job-events.js';

const checkpoint = (step: number): Duty => ({
  kind: 'checkpoint',
  local: { step, folder: '', ranks: [0], files: [], writtenAt: '2026-11-22T20:00:00.000Z' },
  ends: new Map([[0, step]]),
  passedOver: [],
});
const weights = (step: number): Duty => ({
  kind: 'snapshot',
  local: { epoch: step, step, folder: '', files: [] },
  ends: new Map([[0, step]]),
});
const names = (duties: readonly Duty[]): string[] => duties.map(({ kind, local }) => `${kind} ${local.step}`);

describe('what waits to be published', () => {
  test('is of checkpoints the newest; those before give way to it, and go on with it', () => {
    const queue = new DutyQueue(1);
    expect(names(queue.add([checkpoint(1), checkpoint(2)]))).toEqual(['checkpoint 1']);
    expect(names(queue.add([checkpoint(3)]))).toEqual(['checkpoint 2']);
    const [left] = queue.all;
    expect(left?.kind === 'checkpoint' && names(left.passedOver)).toEqual(['checkpoint 1', 'checkpoint 2']);
  });

  test('keeps all weights, in their order, before a checkpoint that is newer than they', () => {
    const queue = new DutyQueue(1);
    queue.add([weights(1), checkpoint(1), weights(2), checkpoint(2)]);
    expect(names(queue.all)).toEqual(['snapshot 1', 'snapshot 2', 'checkpoint 2']);
  });

  test('leaves alone the one that is being uploaded; if that fails, it gives way when something is begun next', () => {
    const queue = new DutyQueue(1);
    queue.add([checkpoint(1)]);
    queue.begin(queue.all[0] as Duty);
    expect(queue.add([checkpoint(2)])).toEqual([]);
    queue.end(false);
    expect(names(queue.add([]))).toEqual(['checkpoint 1']);
    expect(names(queue.all)).toEqual(['checkpoint 2']);
  });

  test('on a node that does not choose has one more, since the choice may be that', () => {
    const queue = new DutyQueue(2);
    expect(names(queue.add([checkpoint(1), checkpoint(2), checkpoint(3)]))).toEqual(['checkpoint 1']);
    expect(names(queue.begin(queue.all[1] as Duty))).toEqual(['checkpoint 2']);
  });

  test('is bounded, and nothing of it is lost: each checkpoint is done, or goes on with a newer one', () => {
    const acts = fc.array(fc.constantFrom('write', 'begin', 'fail', 'done'), { maxLength: 60 });
    fc.assert(
      fc.property(acts, fc.integer({ min: 1, max: 2 }), (all, kept) => {
        const queue = new DutyQueue(kept);
        const over = new Set<number>();
        let step = 0;
        let current: Duty | null = null;
        for (const act of all) {
          if (act === 'write') queue.add([checkpoint((step += 1))]);
          if (act === 'begin' && current === null && queue.all[0] !== undefined) queue.begin((current = queue.all[0]));
          if (act === 'fail' && current !== null) {
            queue.end(false);
            current = null;
            queue.add([]);
          }
          if (act === 'done' && current?.kind === 'checkpoint') {
            for (const one of [current, ...current.passedOver]) over.add(one.local.step);
            queue.end(true);
            current = null;
          }
          // Those that wait, and the one that is being uploaded.
          expect(queue.all.length).toBeLessThanOrEqual(kept + 1);
        }
        for (const duty of queue.all) {
          if (duty.kind === 'checkpoint') for (const one of [duty, ...duty.passedOver]) over.add(one.local.step);
        }
        expect(over.size).toBe(step);
        if (step > 0 && queue.all.length > 0) expect(queue.all.at(-1)?.local.step).toBe(step);
      }),
    );
  });
});
