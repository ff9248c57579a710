import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closeRound } from '../../../../activities/training/close-round.js';
import { discardRound } from '../../../../activities/training/discard-round.js';
import { openTrajectory } from '../../../../activities/training/open-trajectory.js';
import { pruneCheckpoints } from '../../../../activities/training/prune-checkpoints.js';
import { setAsideCheckpoint } from '../../../../activities/training/set-aside-checkpoint.js';
import { readTraining } from '../../../../activities/training/training-record.js';
import { Failure } from '../../../../src/domain/failures.js';
import { MANIFEST, runKeys } from '../../../../src/domain/store-keys.js';
import { failure } from '../../../fixtures/failure.js';
import { datasetManifest } from '../../../fixtures/job-spec.js';
import { MODEL_ID, ROUND, RUN_KEY, sha256, StoredRun } from '../../../fixtures/stored-run.js';

const close = (run: StoredRun): ReturnType<ReturnType<typeof closeRound>> =>
  closeRound(run)({ runKey: RUN_KEY, fence: 1, round: '0' });
const stepsLeft = (run: StoredRun, trajectory = 0): number[] => {
  const manifests = run.store.keys(`${ROUND}/trajectories/${trajectory}/checkpoints/`).filter((key) => key.endsWith(MANIFEST));
  return manifests.map((key) => Number(/step-(\d+)/.exec(key)?.[1]));
};
const prune = async (run: StoredRun, keep: number): Promise<void> =>
  pruneCheckpoints(run.store, ROUND, await readTraining(run.store, ROUND), keep);

describe('pruning', () => {
  test('leaves the newest whole checkpoints, all damaged ones, and the same place to go on from', async () => {
    const checkpoints = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(checkpoints, fc.infiniteStream(fc.boolean()), fc.integer({ min: 2, max: 4 }), async (steps, coins, keep) => {
        const run = new StoredRun();
        run.trajectory(0);
        const damaged = new Set<number>();
        for (const step of steps) {
          const folder = run.checkpoint(0, step);
          if (!coins.next().value) continue;
          damaged.add(step);
          run.store.objects.delete(`${folder}/deepspeed/rank-0.bin`);
        }
        const whole = steps.filter((step) => !damaged.has(step)).sort((a, b) => b - a);
        const before = await resumeOf(run);
        await prune(run, keep);
        expect(stepsLeft(run)).toEqual([...whole.slice(0, keep), ...damaged].sort((a, b) => a - b));
        expect(await resumeOf(run)).toEqual(before);
        const left = new Map(run.store.objects);
        await prune(run, keep);
        expect(run.store.objects).toEqual(left);
      }),
      { numRuns: 40 },
    );
  });

  test('counts along the line of descent, over trajectories', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    for (const step of [50, 100]) run.checkpoint(0, step);
    run.trajectory(1, { trajectory: 0, step: 100 });
    run.checkpoint(1, 150);
    await prune(run, 2);
    expect([stepsLeft(run, 0), stepsLeft(run, 1)]).toEqual([[100], [150]]);
  });

  test('neither touches nor counts what an abandoned gang published after the fork', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    run.trajectory(1, { trajectory: 0, step: 50 });
    run.checkpoint(1, 60);
    for (const late of [100, 150]) run.checkpoint(0, late);
    await prune(run, 2);
    expect([stepsLeft(run, 0), stepsLeft(run, 1)]).toEqual([[50, 100, 150], [60]]);
  });

  test('takes the manifest away first: in whatever moment it is broken off, no reader finds a torn checkpoint', async () => {
    const away = new Failure('StoreUnavailable', 'away');
    for (let done = 0; done < 3; done += 1) {
      const run = new StoredRun();
      run.trajectory(0);
      for (const step of [50, 100, 150]) run.checkpoint(0, step);
      let deletes = 0;
      run.store.failWith(away, ({ operation }) => operation === 'delete' && (deletes += 1) === done + 1, 1);
      await expect(prune(run, 2)).rejects.toBe(away);
      const { checkpoints } = await readTraining(run.store, ROUND);
      expect(checkpoints.filter(({ damage, isFinished }) => isFinished && damage !== null)).toEqual([]);
    }
  });
});

describe('setting a checkpoint aside', () => {
  const input = { runKey: RUN_KEY, round: '0', point: { trajectory: 0, step: 100 }, why: 'a file does not match its hash' };

  test('makes the next gang pass it over; nothing of it is deleted', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    const folder = run.checkpoint(0, 100);
    const files = run.store.keys(folder);
    await setAsideCheckpoint(run)(input);
    expect(await resumeOf(run)).toEqual({ trajectory: 0, step: 50 });
    expect(run.store.keys(folder)).toEqual([...files, `${folder}/set-aside.json`].sort());
    expect(run.store.needJson(`${folder}/set-aside.json`)).toMatchObject({ why: input.why });
  });

  test('twice keeps the first reason', async () => {
    const run = new StoredRun();
    await setAsideCheckpoint(run)(input);
    const before = new Map(run.store.objects);
    await setAsideCheckpoint(run)({ ...input, why: 'another' });
    expect(run.store.objects).toEqual(before);
  });
});

describe('closing a round', () => {
  test('gives the weights of each epoch in the line of descent, by epoch', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.snapshot(0, 1, 40);
    run.checkpoint(0, 60);
    run.trajectory(1, { trajectory: 0, step: 60 });
    // The abandoned gang had gone on: its second epoch is not that of the round.
    run.snapshot(0, 2, 80);
    run.snapshot(1, 10, 400);
    run.snapshot(1, 2, 80);
    const { steps, snapshots } = await close(run);
    expect(steps).toBe(400);
    expect(snapshots.map(({ epoch, step, weightsSha256 }) => [epoch, step, weightsSha256])).toEqual([
      [1, 40, sha256('0/1')],
      [2, 80, sha256('1/2')],
      [10, 400, sha256('1/10')],
    ]);
    for (const { key } of snapshots) expect(run.store.objects.has(`${key}/${MANIFEST}`)).toBe(true);
  });

  test('twice gives the same, and leaves the checkpoints that the plan keeps', async () => {
    const run = new StoredRun({ training: { keepCheckpoints: 2 } });
    run.trajectory(0);
    for (const step of [20, 40, 60]) run.checkpoint(0, step);
    run.snapshot(0, 1, 60);
    const first = await close(run);
    expect(stepsLeft(run)).toEqual([40, 60]);
    const stored = new Map(run.store.objects);
    expect(await close(run)).toEqual(first);
    expect(run.store.objects).toEqual(stored);
  });

  test('without any weights is no success', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 20);
    await expect(close(run)).rejects.toEqual(failure('RunnerCrashed', /round 0 ended without weights in the store/));
  });
});

test('discarding a round removes all of it and nothing beside it, also twice', async () => {
  const run = new StoredRun();
  run.trajectory(0);
  run.checkpoint(0, 20);
  const rest = run.store.keys().filter((key) => !key.startsWith(`${ROUND}/`));
  run.put(`${runKeys.round(RUN_KEY, '01')}/trajectories/0.json`, {});
  for (const _ of [1, 2]) await discardRound(run)({ runKey: RUN_KEY, round: '0' });
  expect(run.store.keys()).toEqual([...rest, `${runKeys.round(RUN_KEY, '01')}/trajectories/0.json`].sort());
});

async function resumeOf(run: StoredRun): Promise<unknown> {
  const input = {
    runKey: RUN_KEY,
    fence: 1,
    gang: 1,
    round: '0',
    datasetId: datasetManifest.id,
    modelId: MODEL_ID,
    maxSteps: null,
  };
  // On a copy: opening leaves a record.
  const copy = new StoredRun();
  for (const [key, content] of run.store.objects) copy.store.objects.set(key, content);
  return (await openTrajectory(copy)(input)).resume;
}
