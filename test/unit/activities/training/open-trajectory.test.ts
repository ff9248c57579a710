import { describe, expect, test } from 'vitest';
import {
  openTrajectory,
  type OpenedTrajectory,
  type OpenTrajectoryInput,
} from '../../../../activities/training/open-trajectory.js';
import { judgeGang } from '../../../../activities/training/judge-gang.js';
import { Trajectory } from '../../../../src/contract/checkpoint.js';
import { JobSpec } from '../../../../src/contract/job.js';
import { trajectoryKeys } from '../../../../src/domain/store-keys.js';
import { failure } from '../../../fixtures/failure.js';
import { datasetManifest } from '../../../fixtures/job-spec.js';
import { MODEL_ID, ROUND, RUN_KEY, StoredRun } from '../../../fixtures/stored-run.js';

const open = (run: StoredRun, input: Partial<OpenTrajectoryInput> = {}): Promise<OpenedTrajectory> =>
  openTrajectory(run)({
    ...{ runKey: RUN_KEY, fence: 1, gang: 1, round: '0', datasetId: datasetManifest.id, modelId: MODEL_ID, maxSteps: null },
    ...input,
  });
const recordOf = (run: StoredRun, trajectory: number): Trajectory =>
  Trajectory.parse(run.store.needJson(trajectoryKeys.record(ROUND, trajectory)));

describe('where a gang begins', () => {
  test('the first one at the start', async () => {
    const run = new StoredRun();
    const opened = await open(run);
    expect(opened).toMatchObject({ trajectory: 0, resume: null, passedOver: [], jobId: 'round-0-t0' });
    expect(recordOf(run, 0)).toMatchObject({ trajectory: 0, fence: 1, forkedFrom: null });
  });

  test('the next one at the newest whole checkpoint', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    for (const step of [50, 100, 900, 1000]) run.checkpoint(0, step);
    expect((await open(run)).resume).toEqual({ trajectory: 0, step: 1000 });
    expect(recordOf(run, 1).forkedFrom).toEqual({ trajectory: 0, step: 1000 });
  });

  test('in the newest line of descent: what an abandoned gang published after the fork does not count', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    run.trajectory(1, { trajectory: 0, step: 50 });
    run.checkpoint(1, 60);
    // It came late, from ranks that nobody could reach, and is further than the gang that took their place.
    run.checkpoint(0, 100);
    expect((await open(run)).resume).toEqual({ trajectory: 1, step: 60 });
  });

  test.each<[string, string, (run: StoredRun, folder: string) => void]>([
    [
      'has lost a file',
      'deepspeed/rank-1.bin has no bytes',
      (run, folder) => run.store.objects.delete(`${folder}/deepspeed/rank-1.bin`),
    ],
    [
      'has a cut file',
      'deepspeed/rank-0.bin has 1 bytes',
      (run, folder) => run.store.objects.set(`${folder}/deepspeed/rank-0.bin`, Buffer.alloc(1)),
    ],
    [
      'has a torn manifest',
      'its manifest is torn',
      (run, folder) => run.store.objects.set(`${folder}/manifest.json`, Buffer.from('{"st')),
    ],
    ['lists no files', 'its manifest lists no files', (run, folder) => emptyManifest(run, folder)],
    ['was set aside', 'it was set aside', (run, folder) => run.put(`${folder}/set-aside.json`, {})],
  ])('before a checkpoint that %s, which is said', async (_, damage, hurt) => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    hurt(run, run.checkpoint(0, 100));
    const opened = await open(run);
    expect(opened.resume).toEqual({ trajectory: 0, step: 50 });
    expect(opened.passedOver).toEqual([expect.stringContaining(`trajectory 0, step 100: ${damage}`)]);
  });

  test('before a checkpoint that has no manifest: it was never finished, which is said', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    run.store.objects.delete(`${run.checkpoint(0, 100)}/manifest.json`);
    const passedOver = ['trajectory 0, step 100: its upload was never finished, it has no manifest'];
    expect(await open(run)).toMatchObject({ resume: { trajectory: 0, step: 50 }, passedOver });
    expect(recordOf(run, 1).passedOver).toEqual(passedOver);
  });

  test('at the start again when no checkpoint is whole, and each of them is said', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    for (const step of [50, 100]) run.store.objects.delete(`${run.checkpoint(0, step)}/deepspeed/rank-0.bin`);
    const opened = await open(run);
    expect(opened.resume).toBeNull();
    expect(opened.passedOver).toHaveLength(2);
  });
});

describe('who may open', () => {
  test('of several gangs at the same moment one; the others are told to try again', async () => {
    const run = new StoredRun();
    const results = await Promise.allSettled([open(run), open(run), open(run)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toEqual(failure('StoreUnavailable', /another gang opened trajectory 0/));
    }
    expect(run.store.keys(trajectoryKeys.all(ROUND))).toHaveLength(1);
  });

  test('not an owner that has been replaced', async () => {
    const run = new StoredRun();
    run.claim(2);
    await open(run, { fence: 2 });
    await expect(open(run, { fence: 1 })).rejects.toEqual(failure('RunKeyInUse', /owner 2 trains this round; this is owner 1/));
    expect(run.store.keys(trajectoryKeys.all(ROUND))).toHaveLength(1);
  });

  test('again, when the answer was lost: another trajectory from the same place, and no record is touched', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    run.checkpoint(0, 50);
    const first = await open(run);
    const stored = new Map(run.store.objects);
    const second = await open(run);
    expect([first.trajectory, second.trajectory]).toEqual([1, 2]);
    expect(second.resume).toEqual(first.resume);
    for (const [key, content] of stored) expect(run.store.need(key)).toEqual(content);
  });
});

describe('what a gang is given', () => {
  test('a job for each node: the same plan, ranks of its own, a place of its own in the store', async () => {
    const run = new StoredRun({ cluster: { nodes: 3, ranksPerNode: 2 } });
    const { jobs } = await open(run, { gang: 4 });
    for (const job of jobs) expect(() => JobSpec.parse(job)).not.toThrow();
    expect(jobs.map(({ ranks }) => [ranks.first, ranks.count, ranks.worldSize])).toEqual([
      [0, 2, 6],
      [2, 2, 6],
      [4, 2, 6],
    ]);
    expect(new Set(jobs.map(({ plan }) => JSON.stringify(plan))).size).toBe(1);
    expect(jobs.map(({ storePrefix }) => storePrefix)).toEqual([0, 1, 2].map((node) => `${ROUND}/trajectories/0/node-${node}`));
    expect(jobs.map(({ publish }) => [publish?.node, publish?.nodes, publish?.prefix])).toEqual(
      [0, 1, 2].map((node) => [node, 3, `${ROUND}/trajectories/0`]),
    );
    expect(jobs[0]?.fence).toEqual({ runKey: RUN_KEY, owner: 1, gang: 4 });
  });

  test('what incidents have changed of the plan, and the steps that they pass over in this round', async () => {
    const run = new StoredRun({ training: { microBatchRows: 4 } });
    const judge = (kind: 'OutOfMemory' | 'Diverged', scope: string, step: number | null): Promise<unknown> =>
      judgeGang(run)({
        ...{ id: `${kind} ${scope}`, runKey: RUN_KEY, fence: 1, scope, isTraining: true, evidence: null, stopping: false },
        exits: [{ rank: 0, code: 1, signal: null, kind, message: '', step, logTail: [] }],
      });
    await judge('OutOfMemory', 'round-smoke', null);
    await judge('Diverged', 'round-smoke', 1);
    await judge('Diverged', 'round-0', 40);
    const { jobs } = await open(run);
    const { accumulationSteps } = run.plan.training;
    expect(jobs[0]?.plan).toMatchObject({
      ...{ micro_batch_rows: 2, accumulation_steps: accumulationSteps * 2, skip_steps: [40], on_non_finite: 'stop' },
    });
  });

  test('the checkpoint that it goes on from, where its plan looks for it', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    const folder = run.checkpoint(0, 50);
    const { jobs, inputs, checkpoint } = await open(run);
    const to = 'jobs/round-0-t1/resume/step-00000050';
    expect(checkpoint).toEqual({ kind: 'folder', key: folder, to });
    // Apart, so that a bad model is not taken for a bad checkpoint.
    expect(inputs.map(({ key }) => key)).not.toContain(folder);
    expect(jobs[0]?.plan).toMatchObject({ resume: { step: 50, path: to } });
  });

  test('training and validation rows, never those of the test split; for a smoke test training rows alone', async () => {
    const files = async (maxSteps: number | null): Promise<string[]> =>
      (await open(new StoredRun(), { maxSteps })).inputs.flatMap(({ kind, key }) =>
        kind === 'file' ? [key.slice(key.lastIndexOf('/') + 1)] : [],
      );
    expect(await files(null)).toEqual(['train.jsonl', 'validation.jsonl']);
    expect(await files(2)).toEqual(['train.jsonl']);
  });
});

function emptyManifest(run: StoredRun, folder: string): void {
  run.put(`${folder}/manifest.json`, { ...(run.store.needJson(`${folder}/manifest.json`) as object), files: [] });
}
