import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentKeys, epochFolder, runKeys, stepFolder, trajectoryKeys } from '../../../src/domain/store-keys.js';

test('everything of a run lies below it, but for what runs share', () => {
  const ofRun = [
    runKeys.request('k'),
    runKeys.owner('k', 2),
    runKeys.plan('k', 2),
    runKeys.ended('k'),
    runKeys.stages('k', 2),
    runKeys.step('k', 'tokens'),
    runKeys.job('k', 1, 'init-1'),
    runKeys.round('k', '0'),
    runKeys.evaluation('k', 'test'),
    runKeys.report('k'),
    runKeys.model('k'),
  ];
  for (const key of ofRun) expect(key.startsWith(`${runKeys.root('k')}/`)).toBe(true);
  expect(new Set(ofRun).size).toBe(ofRun.length);
  expect([contentKeys.dataset('d'), contentKeys.model('m')]).toEqual(['datasets/d', 'models/m']);
});

test('a checkpoint lies below its trajectory, and the round is found from there', () => {
  const round = runKeys.round('k', '0');
  const trajectory = trajectoryKeys.root(round, 12);
  expect(trajectoryKeys.checkpoint(trajectory, 100)).toBe('runs/k/rounds/0/trajectories/12/checkpoints/step-00000100');
  expect(trajectoryKeys.snapshot(trajectory, 3)).toBe('runs/k/rounds/0/trajectories/12/epochs/epoch-0003');
  expect(trajectoryKeys.record(round, 12)).toBe('runs/k/rounds/0/trajectories/12.json');
  expect(trajectoryKeys.roundOf(trajectory)).toBe(round);
});

test('folders of steps and epochs sort as their numbers do: 900 before 1000', () => {
  const pair = fc.tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.integer({ min: 1, max: 99_999_999 }));
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(stepFolder(a) < stepFolder(b)).toBe(a < b);
      expect(epochFolder(a % 10_000) < epochFolder(b % 10_000)).toBe(a % 10_000 < b % 10_000);
    }),
  );
  expect([stepFolder(1000), stepFolder(900)].sort()).toEqual([stepFolder(900), stepFolder(1000)]);
});
