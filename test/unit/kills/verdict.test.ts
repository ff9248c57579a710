import { describe, expect, test } from 'vitest';
import type { Trajectory } from '../../../src/contract/checkpoint.js';
import type { StepTold } from '../../durability/lines.js';
import { faultsOf, outcomeOf, type Record } from '../../kills/verdict.js';

const trajectory = (n: number, forkedFrom: Trajectory['forkedFrom'] = null): Trajectory => ({
  ...{ trajectory: n, fence: 1, forkedFrom, passedOver: [] },
  openedAt: '2026-01-01T00:00:00.000Z',
});

const steps = (of: number, from: number, to: number): StepTold[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap((step) =>
    [0, 1].map((rank) => ({ trajectory: of, rank, step, at: step, lossHex: `0x1.${step}p+0` })),
  );

const written = (of: number, step: number, ranks = [0, 1]): Record['checkpoints'] =>
  ranks.map((rank) => ({ trajectory: of, rank, step }));

const snapshots = [{ epoch: 1, step: 8, key: 'epoch-1', weightsSha256: 'aa' }];
const unbroken = outcomeOf({ snapshots, trajectories: [trajectory(0)], steps: steps(0, 1, 8), checkpoints: [] });

/** Killed after step 6, and gone on from step 4. */
const resumed: Record = {
  snapshots,
  trajectories: [trajectory(0), trajectory(1, { trajectory: 0, step: 4 })],
  steps: [...steps(0, 1, 6), ...steps(1, 5, 8)],
  checkpoints: written(0, 4),
};
const faults = (changed: Partial<Record>): string[] => faultsOf({ ...resumed, ...changed }, unbroken, 2);

describe('a struck round is sound', () => {
  test('where the next gang went on from a checkpoint of the one before', () => {
    expect(faults({})).toEqual([]);
  });

  test('where the next gang began anew, for there was no checkpoint', () => {
    expect(faults({ trajectories: [trajectory(0), trajectory(1)], steps: [...steps(0, 1, 3), ...steps(1, 1, 8)] })).toEqual([]);
  });

  test('where a gang ended before its first step', () => {
    const trajectories = [...resumed.trajectories, trajectory(2, { trajectory: 0, step: 4 })];
    expect(faults({ trajectories, steps: [...steps(0, 1, 6), ...steps(2, 5, 8)] })).toEqual([]);
  });
});

describe('a struck round is not sound', () => {
  test('with other weights', () => {
    expect(faults({ snapshots: [{ ...snapshots[0], weightsSha256: 'bb' } as (typeof snapshots)[0]] })).toEqual([
      'weights epoch 1: bb; unbroken epoch 1: aa',
    ]);
  });

  test('without the weights of an epoch', () => {
    expect(faults({ snapshots: [] })).toHaveLength(1);
  });

  test('with another loss of any rank', () => {
    const other = resumed.steps.map((told) =>
      told.trajectory === 1 && told.step === 7 && told.rank === 1 ? { ...told, lossHex: '0x2p+0' } : told,
    );
    expect(faults({ steps: other })).toEqual([
      '16 losses in the line, 16 unbroken; the first difference is 7/1: 0x2p+0 for 7/1: 0x1.7p+0',
    ]);
  });

  test('with a step that nobody told of', () => {
    expect(faults({ steps: resumed.steps.filter(({ step }) => step !== 8) })).toEqual([
      '14 losses in the line, 16 unbroken; the first difference is nothing for 8/0: 0x1.8p+0',
    ]);
  });

  test('with a step told twice, also outside of the line', () => {
    expect(faults({ steps: [...resumed.steps, ...steps(0, 6, 6)] })).toEqual(['2 steps told twice']);
  });

  test('from a checkpoint that one rank had not written', () => {
    expect(faults({ checkpoints: written(0, 4, [0]) })).toEqual([
      'trajectory 1 goes on from step 4 of trajectory 0, a checkpoint that 1 of 2 ranks have told of',
    ]);
  });

  test('from a trajectory that is not older', () => {
    expect(faults({ trajectories: [trajectory(0), trajectory(1, { trajectory: 1, step: 4 })] })).toEqual([
      'trajectory 1 goes on from step 4 of trajectory 1, which is not older',
    ]);
  });

  test('with a trajectory that is not on record', () => {
    expect(faults({ trajectories: [trajectory(1, { trajectory: 0, step: 4 })] })).toContain('trajectory 0 is missing');
  });
});
