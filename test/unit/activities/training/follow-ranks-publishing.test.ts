import { afterEach, describe, expect, test, vi } from 'vitest';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointManifest, CheckpointUpload, SnapshotManifest } from '../../../../src/contract/checkpoint.js';
import { Failure } from '../../../../src/domain/failures.js';
import { MANIFEST, stepFolder } from '../../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
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

describe('a disk that fills up', () => {
  const said = (follower: Follower, what: RegExp): Promise<void> =>
    vi.waitFor(() => expect(follower.lastBeat.progress.trouble).toMatch(what), { timeout: 10_000, interval: 5 });

  test('is told of while the job goes on, with the number and what to type', async () => {
    const job = await FollowedJob.start();
    job.jobs.free = 5e8;
    const follower = job.follow();
    await said(follower, /^the disk of this node has 0.5 GB free, less than 1.0 GB: npx formwork prune shows what can go$/);
    await job.checkpoint(2);
    await until(follower, 2);
    await follower.lose();
  });

  test('is told of for the store as well', async () => {
    const job = await FollowedJob.start();
    job.store.free = 2e8;
    const follower = job.follow();
    await said(follower, /^the store memory:store has 0.2 GB free/);
    await follower.lose();
  });
});

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
    expect(job.storedEvents(0).map(({ kind }) => kind)).toEqual(['step', 'step', 'checkpoint']);
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
    expect(job.storedEvents(0).map(({ kind }) => kind)).toEqual([
      ...['planned', 'step', 'checkpoint', 'step', 'checkpoint', 'finished'],
    ]);
    expect(job.storedEvents(1).map(({ kind }) => kind)).toEqual(['checkpoint', 'checkpoint', 'finished']);
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

const costOf = (job: FollowedJob, step: number): CheckpointUpload =>
  CheckpointUpload.parse(job.store.needJson(`${job.spec.storePrefix}/uploads/${stepFolder(step)}.json`));
const onDisk = (job: FollowedJob): string[] => readdirSync(join(job.jobs.work, 'jobs', job.jobId, 'checkpoints')).sort();

describe('checkpoints that come faster than they can be uploaded', () => {
  test('give way to the newest: the disk holds no more than that, it is said, and what it cost is kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.checkpoint(2);
    await until(follower, 2);
    job.store.failWith(away);
    await job.checkpoint(4);
    await vi.waitFor(() => expect(follower.lastBeat.progress.trouble).toContain('checkpoint of step 4 has not reached the store'));
    for (let step = 6; step <= 60; step += 2) {
      await job.checkpoint(step);
      await follower.context.beat(2);
      // What was published last, what is tried or waits, and what has come since the last look.
      expect(onDisk(job).length).toBeLessThanOrEqual(4);
    }
    vi.setSystemTime(Date.now() + 540_000);
    await follower.context.beat(2);
    expect(follower.lastBeat.progress.trouble).toMatch(/for 54\d s: the store is away/);
    job.store.mend();
    vi.setSystemTime(Date.now() + 5_001);
    await until(follower, 60);
    expect(committed(job)).toEqual([2, 60]);
    await follower.context.beat();
    expect(follower.lastBeat.progress.trouble).toBeNull();
    expect(follower.context.warnings).toContain('checkpoints were passed over for a newer one');
    expect(onDisk(job)).toEqual([stepFolder(60)]);
    const cost = costOf(job, 60);
    expect(cost.passedOver).toEqual(Array.from({ length: 28 }, (_, index) => 4 + 2 * index));
    expect(cost).toMatchObject({ step: 60, node: 0, bytes: 2 * 'shard 0 of step 60'.length });
    expect(costOf(job, 2).passedOver).toEqual([]);
    expect(job.storedEvents(0)).toHaveLength(30);
    await follower.lose();
  });

  test('of which the older is lost with its follower in the middle: the next follower takes the newest at once', async () => {
    const job = await FollowedJob.start();
    const putFile = job.store.putFile.bind(job.store);
    const upload = vi.spyOn(job.store, 'putFile').mockImplementation(() => new Promise(() => undefined));
    const first = job.follow();
    await job.checkpoint(2);
    await vi.waitFor(() => expect(upload).toHaveBeenCalled());
    await job.checkpoint(4);
    await first.context.beat(2);
    const cursor = await first.lose();
    upload.mockImplementation(putFile);
    const second = job.follow(cursor);
    await until(second, 4);
    // Not after a pause, nor after the older one: within its first looks.
    expect(second.context.beats.length).toBeLessThanOrEqual(5);
    expect(committed(job)).toEqual([4]);
    expect(existsSync(join(job.jobs.work, 'jobs', job.jobId, 'checkpoints', stepFolder(2)))).toBe(false);
    await second.lose();
  });

  test('while the store hangs in one call, the follower beats on', async () => {
    const job = await FollowedJob.start();
    vi.spyOn(job.store, 'putIfAbsent').mockImplementation(() => new Promise(() => undefined));
    const follower = job.follow();
    await job.jobs.print(job.jobId, 0, 'a line of the log');
    await job.checkpoint(2);
    await job.tell(runnerEvent('step', { step: 3 }));
    await follower.context.beat(10);
    expect(follower.lastBeat.progress.done).toBe(3);
    await follower.lose();
  });
});

describe('two nodes', () => {
  const node = (index: number, store = new InMemoryObjectStore()): Promise<FollowedJob> =>
    FollowedJob.start(
      {
        publish: { ...publishing, node: index, nodes: 2 },
        storePrefix: `${TRAJECTORY}/node-${index}`,
      },
      store,
    );

  test('publish what node 0 has chosen, though the other has newer ones by then', async () => {
    const [first, second] = [await node(0), await node(1)];
    // One store for both.
    const shared = second.store;
    const leader = await node(0, shared);
    const others = second.follow();
    for (const step of [2, 4]) await second.checkpoint(step);
    await others.context.beat(4);
    // Nobody has chosen: nothing is uploaded in vain.
    expect(shared.countOf('putFile')).toBe(0);
    await leader.checkpoint(2);
    const chooses = leader.follow();
    await until(chooses, 2);
    await leader.checkpoint(4);
    await until(chooses, 4);
    await until(others, 4);
    expect(committed(leader)).toEqual([2, 4]);
    expect(shared.countOf('putFile')).toBe(8);
    for (const follower of [chooses, others]) await follower.lose();
    expect(first.store.keys()).toEqual([]);
  });

  test('of which one has nothing of a chosen step any more give it up within the limit, and agree on the next', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const second = await node(1);
    const leader = await node(0, second.store);
    const chooses = leader.follow();
    await leader.checkpoint(2);
    await vi.waitFor(() => expect(second.store.keys(checkpointKey(2))).toContain(`${checkpointKey(2)}/chosen.json`));
    const others = second.follow();
    for (const job of [leader, second]) await job.checkpoint(4);
    await chooses.context.beat(3);
    vi.setSystemTime(Date.now() + 21_000);
    await until(chooses, 4);
    await until(others, 4);
    expect(committed(leader)).toEqual([4]);
    // Parts of what was given up are gone.
    expect(second.store.keys(checkpointKey(2))).toEqual([]);
    for (const follower of [chooses, others]) await follower.lose();
  });
});

describe('a checkpoint that ranks could not write', () => {
  test('is no duty; it is told as trouble until one is written', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    const skipped = { why: 'the disk is full', in_a_row: 1 };
    for (const rank of [0, 1]) await job.tell(runnerEvent('checkpoint', { rank, step: 2, skipped }));
    await vi.waitFor(() =>
      expect(follower.lastBeat.progress.trouble).toBe('no checkpoint of step 2 (1 in a row): the disk is full'),
    );
    await job.checkpoint(4);
    await until(follower, 4);
    expect(follower.lastBeat.progress.trouble).toBeNull();
    expect(committed(job)).toEqual([4]);
    await follower.lose();
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
    expect(job.storedEvents(0).map(({ kind }) => kind)).toEqual(['finished']);
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
