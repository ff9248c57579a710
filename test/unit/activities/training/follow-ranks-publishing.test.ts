import { afterEach, describe, expect, test, vi } from 'vitest';
import { CheckpointManifest, SnapshotManifest } from '../../../../src/contract/checkpoint.js';
import type { RunnerEvent } from '../../../../src/contract/runner-event.js';
import { Failure } from '../../../../src/domain/failures.js';
import { MANIFEST } from '../../../../src/domain/store-keys.js';
import { failure } from '../../../fixtures/failure.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { checkpointKey, FollowedJob, publishing, snapshotKey, TRAJECTORY, type Follower } from './followed-job.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));
afterEach(() => void vi.useRealTimers());

const away = new Failure('StoreUnavailable', 'the store is away');
const committed = (job: FollowedJob): number[] =>
  job.store
    .keys(`${TRAJECTORY}/checkpoints/`)
    .filter((key) => key.endsWith(`/${MANIFEST}`))
    .map((key) => CheckpointManifest.parse(job.store.needJson(key)).step);
const until = (follower: Follower, step: number): Promise<void> =>
  vi.waitFor(() => expect(follower.lastBeat.progress.checkpointStep).toBe(step), { timeout: 10_000, interval: 5 });

/** All that the parts of a rank's events in the store hold, each byte once. */
function storedEvents(job: FollowedJob, rank: number): RunnerEvent[] {
  let text = Buffer.alloc(0);
  for (const key of job.store.keys(`${job.spec.storePrefix}/events/rank-${rank}/`)) {
    const from = Number(/(\d+)-\d+$/.exec(key)?.[1]);
    expect(from).toBeLessThanOrEqual(text.length);
    text = Buffer.concat([text.subarray(0, from), job.store.need(key)]);
  }
  const lines = text.toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as RunnerEvent);
}

describe('a checkpoint', () => {
  test('is published when the last rank of the node has told of its shards, and not before', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.checkpoint(2, [0]);
    await follower.context.beat(3);
    expect(job.store.keys(checkpointKey(2))).toEqual([]);
    await job.checkpoint(2, [1]);
    await until(follower, 2);
    const manifest = CheckpointManifest.parse(job.store.needJson(`${checkpointKey(2)}/${MANIFEST}`));
    expect(manifest).toMatchObject({ step: 2, trajectory: 0, fence: 1, worldSize: 2 });
    expect(manifest.files.map(({ path }) => path)).toEqual(['rank-0.bin', 'rank-1.bin']);
    await follower.lose();
  });

  test('takes the events before it along into the store', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.tell(runnerEvent('step', { step: 1 }), runnerEvent('step', { step: 2 }));
    await job.checkpoint(2);
    await job.tell(runnerEvent('step', { step: 3 }));
    await until(follower, 2);
    expect(storedEvents(job, 0).map(({ kind }) => kind)).toEqual(['step', 'step', 'checkpoint']);
    await follower.lose();
  });

  test('with a shard that is not what the rank has hashed is given up and said; the next one is published', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.checkpoint(2, [0, 1], { claimedSha256: 'f'.repeat(64) });
    await vi.waitFor(() => expect(follower.context.warnings).toHaveLength(1));
    await job.checkpoint(4);
    await until(follower, 4);
    expect(committed(job)).toEqual([4]);
    expect(follower.context.warnings).toEqual(['publishing failed']);
    await job.finish();
    await follower.ended();
  });

  test('that is given up does not hold the cursor back, nor count as stored', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.checkpoint(2, [0, 1], { writes: false });
    await vi.waitFor(() => expect(Object.keys(follower.lastBeat.cursor.offsets)).toEqual(['0', '1']));
    expect(follower.lastBeat.progress.checkpointStep).toBeNull();
    expect(committed(job)).toEqual([]);
    await follower.lose();
  });

  test('of a gang that has failed is not waited for: the part of the other node will not come', async () => {
    const job = await FollowedJob.start({ publish: { ...publishing, nodes: 2 } });
    const follower = job.follow();
    await job.checkpoint(2);
    job.jobs.end(job.jobId, 'RankKilled');
    expect((await follower.ended()).exits[0]?.kind).toBe('RankKilled');
    expect(committed(job)).toEqual([]);
  });
});

describe('the follower after one that was lost', () => {
  test('goes on from the cursor of the last beat: nothing is uploaded twice, each event is in the store once', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await job.tell(runnerEvent('planned'), runnerEvent('step', { step: 2 }));
    await job.checkpoint(2);
    await until(first, 2);
    const cursor = await first.lose();
    const uploads = job.store.countOf('putFile');

    const second = job.follow(cursor);
    await job.tell(runnerEvent('step', { step: 4 }));
    await job.checkpoint(4);
    await until(second, 4);
    expect(job.store.countOf('putFile')).toBe(uploads + 2);
    await job.finish();
    // What was told before the cursor is still among the results.
    expect((await second.ended()).results.map(({ kind }) => kind)).toEqual(['planned', 'finished']);
    expect(storedEvents(job, 0).map(({ kind }) => kind)).toEqual([
      ...['planned', 'step', 'checkpoint', 'step', 'checkpoint', 'finished'],
    ]);
    expect(storedEvents(job, 1).map(({ kind }) => kind)).toEqual(['checkpoint', 'checkpoint', 'finished']);
  });

  test('tells at once how far training is, and which checkpoint is in the store', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await job.tell(runnerEvent('step', { step: 3 }));
    await job.checkpoint(3);
    await until(first, 3);
    const second = job.follow(await first.lose());
    await second.context.beat();
    expect(second.context.beats[0]).toMatchObject({ progress: { done: 3, checkpointStep: 3 } });
    await second.lose();
  });

  test('without any beat of the first finds done what is done, though the disk has it no more', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await job.checkpoint(2);
    await job.snapshot(1, 4);
    await job.checkpoint(4);
    await job.checkpoint(6);
    await until(first, 6);
    await first.lose();
    const stored = new Map(job.store.objects);
    job.wipe();

    const second = job.follow({ offsets: {} });
    await job.finish();
    expect((await second.ended()).exits).toHaveLength(2);
    for (const [key, content] of stored) expect([key, job.store.objects.get(key)]).toEqual([key, content]);
    expect(second.context.warnings).toEqual([]);
  });

  test('publishes what a rank that was behind completes later, though newer things were published before', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await job.checkpoint(2, [0]);
    await job.snapshot(1, 3);
    await vi.waitFor(() => expect(job.store.keys(snapshotKey(1))).toHaveLength(2));
    await first.context.beat(2);
    const cursor = await first.lose();

    const second = job.follow(cursor);
    await job.checkpoint(2, [1]);
    await until(second, 2);
    expect(committed(job)).toEqual([2]);
    await second.lose();
  });

  test('finishes an upload in which the first was cancelled', async () => {
    const job = await FollowedJob.start();
    let letGo = (): void => undefined;
    const stuck = new Promise<void>((resolve) => (letGo = resolve));
    const putFile = job.store.putFile.bind(job.store);
    const upload = vi.spyOn(job.store, 'putFile').mockImplementationOnce(async (...args) => {
      await stuck;
      return putFile(...args);
    });
    const first = job.follow();
    await job.checkpoint(2);
    await vi.waitFor(() => expect(upload).toHaveBeenCalledOnce());
    const cursor = await first.lose();
    letGo();
    expect(cursor).toEqual({ offsets: {} });
    const second = job.follow(cursor);
    await until(second, 2);
    expect(committed(job)).toEqual([2]);
    await second.lose();
  });
});

describe('a store that is away', () => {
  test('while ranks train holds nothing up: everything is there when it is back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const job = await FollowedJob.start();
    const follower = job.follow();
    job.store.failWith(away);
    await job.snapshot(1, 2);
    await job.checkpoint(2);
    await vi.waitFor(() => expect(follower.context.warnings).toContain('publishing failed'));
    await job.tell(runnerEvent('step', { step: 3 }));
    await vi.waitFor(() => expect(follower.lastBeat.progress.done).toBe(3));
    expect(follower.lastBeat.cursor).toEqual({ offsets: {} });
    job.store.mend();
    vi.setSystemTime(Date.now() + 5_001);
    await until(follower, 2);
    expect(SnapshotManifest.parse(job.store.needJson(`${snapshotKey(1)}/${MANIFEST}`)).epoch).toBe(1);
    await follower.lose();
  });

  test('at the very end is waited for: the last logs and events reach it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const job = await FollowedJob.start();
    const follower = job.follow();
    await follower.context.beat();
    job.store.failWith(away);
    await job.jobs.print(job.jobId, 0, 'last words\n');
    await job.finish();
    await vi.waitFor(() => expect(follower.context.warnings).toContain('publishing failed'));
    job.store.mend();
    vi.setSystemTime(Date.now() + 5_001);
    await follower.ended();
    expect(storedEvents(job, 0).map(({ kind }) => kind)).toEqual(['finished']);
    expect(job.store.keys(`${job.spec.storePrefix}/logs/rank-0/`)).toHaveLength(1);
  });

  test('for more than a minute after the end fails the follower, however long it had been away before', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const job = await FollowedJob.start();
    const follower = job.follow();
    job.store.failWith(away);
    await job.checkpoint(2);
    await vi.waitFor(() => expect(follower.context.warnings).toContain('publishing failed'));
    vi.setSystemTime(Date.now() + 5 * 60_000);
    await job.finish();
    await follower.context.beat(3);
    vi.setSystemTime(Date.now() + 59_000);
    await follower.context.beat(3);
    vi.setSystemTime(Date.now() + 2_000);
    await expect(follower.result).rejects.toEqual(failure('StoreUnavailable', /the store is away/));
    expect(job.jobs.stops).toEqual([]);
  });
});
