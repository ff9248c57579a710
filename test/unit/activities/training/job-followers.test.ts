import { describe, expect, test, vi } from 'vitest';
import { JobFollowers } from '../../../../activities/training/job-followers.js';
import { failure } from '../../../fixtures/failure.js';
import { act } from '../../../fixtures/activity-context.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { checkpointKey, FollowedJob, type Follower } from './followed-job.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

const isCommitted = (job: FollowedJob, step: number): boolean => job.store.objects.has(`${checkpointKey(step)}/manifest.json`);
const until = (follower: Follower, step: number): Promise<void> =>
  vi.waitFor(() => expect(follower.context.beats.at(-1)).toMatchObject({ progress: { checkpointStep: step } }));
const committed = (job: FollowedJob, step: number): Promise<void> => vi.waitFor(() => expect(isCommitted(job, step)).toBe(true));

/** Uploads wait until they are let go on. */
function holdUploads(job: FollowedJob): { calls: () => number; letGo: () => void } {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const putFile = job.store.putFile.bind(job.store);
  const upload = vi.spyOn(job.store, 'putFile').mockImplementation((...args) => held.then(() => putFile(...args)));
  return { calls: () => upload.mock.calls.length, letGo: () => letGo() };
}

describe('a job whose watcher was cancelled', () => {
  test('is followed on: what its ranks write reaches the store, and whoever watches next is told so', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await first.context.beat();
    first.context.cancel();
    await expect(first.result).rejects.toThrow('CANCELLED');
    const beaten = first.context.beats.length;
    await job.checkpoint(2);
    await committed(job, 2);
    expect(first.context.beats).toHaveLength(beaten);
    const uploads = job.store.countOf('putFile');

    const second = job.follow();
    await second.context.beat();
    expect(second.lastBeat.progress.checkpointStep).toBe(2);
    await job.checkpoint(4);
    await committed(job, 4);
    expect(job.store.countOf('putFile')).toBe(2 * uploads);
    await job.finish();
    expect((await second.ended()).exits).toHaveLength(2);
  });

  test('and that ended before anybody watched again has its last words in the store, and tells its end when asked', async () => {
    const job = await FollowedJob.start();
    const first = job.follow();
    await first.context.beat();
    first.context.cancel();
    await job.jobs.print(job.jobId, 0, 'last words\n');
    await job.finish();
    await vi.waitFor(() => expect(job.store.keys(`${job.spec.storePrefix}/logs/rank-0/`)).toHaveLength(1));
    const stored = new Map(job.store.objects);
    expect((await job.follow().ended()).results.map(({ kind }) => kind)).toEqual(['finished']);
    expect(job.store.objects).toEqual(stored);
  });
});

test('what ranks did, and how they ended, is in the ledger when all that they made is in the store', async () => {
  const job = await FollowedJob.start();
  const follower = job.follow();
  await job.tell(runnerEvent('started', { time: '2026-11-22T20:00:00.000Z' }));
  await job.tell(runnerEvent('phase', { time: '2026-11-22T20:00:05.000Z', phase: 'loop' }));
  await job.tell(runnerEvent('step', { step: 7 }));
  await vi.waitFor(() => expect(job.workLog.words).toContainEqual({ word: 'seen', jobId: job.jobId }));
  await job.tell(runnerEvent('failed', { time: '2026-11-22T20:00:09.000Z' }));
  job.jobs.end(job.jobId, 'OutOfMemory');
  await follower.ended();
  expect(job.workLog.words.at(-1)).toEqual({ word: 'ended', jobId: job.jobId });
  expect(job.workLog.ends).toMatchObject([
    {
      startedAt: '2026-11-22T20:00:00.000Z',
      kinds: ['OutOfMemory'],
      marks: [
        { at: '2026-11-22T20:00:00.000Z', phase: 'imports', step: 0 },
        { at: '2026-11-22T20:00:05.000Z', phase: 'loop', step: 0 },
        { at: '2026-11-22T20:00:09.000Z', phase: 'over', step: 7 },
      ],
    },
  ]);
});

describe('one follower a job', () => {
  test('publishes, though several watch: each file is uploaded once', async () => {
    const job = await FollowedJob.start();
    const watching = [job.follow(), job.follow()];
    await job.checkpoint(2);
    await Promise.all(watching.map((one) => until(one, 2)));
    expect(job.store.countOf('putFile')).toBe(2);
    await job.finish();
    expect((await Promise.all(watching.map((one) => one.ended()))).map(({ exits }) => exits.length)).toEqual([2, 2]);
  });

  test('is handed back in the middle of a publication, and the next one who watches finds it going on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const job = await FollowedJob.start();
      const uploads = holdUploads(job);
      const first = job.follow();
      await job.checkpoint(2);
      await vi.waitFor(() => expect(uploads.calls()).toBe(1));
      vi.setSystemTime(Date.now() + 10 * 60_000 + 1);
      const handBack = await first.result;
      expect(handBack).toMatchObject({ state: 'running', cursor: { offsets: {} } });
      const second = job.follow();
      await second.context.beat(3);
      uploads.letGo();
      await committed(job, 2);
      expect(uploads.calls()).toBe(2);
      await second.lose();
    } finally {
      vi.useRealTimers();
    }
  });

  test('that has failed is followed by another only when nothing of it is in flight', async () => {
    const job = await FollowedJob.start();
    const uploads = holdUploads(job);
    const first = job.follow();
    await job.checkpoint(2);
    await vi.waitFor(() => expect(uploads.calls()).toBe(1));
    const looks = vi.spyOn(job.jobs, 'events').mockRejectedValueOnce(new Error('too many open files'));
    await expect(first.result).rejects.toThrow('too many open files');
    expect(first.context.warnings).toContain('a job could not be followed on');

    const second = job.follow();
    looks.mockClear();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looks).not.toHaveBeenCalled();
    uploads.letGo();
    await committed(job, 2);
    await second.lose();
  });
});

describe('the end of a worker', () => {
  test('ends its followers when nothing is in flight any more, and no rank', async () => {
    const job = await FollowedJob.start();
    const uploads = holdUploads(job);
    const follower = job.follow();
    await job.checkpoint(2);
    await vi.waitFor(() => expect(uploads.calls()).toBe(1));
    follower.context.cancel();
    let isClosed = false;
    const closed = job.loseWorker().then(() => (isClosed = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isClosed).toBe(false);
    uploads.letGo();
    await closed;
    const looked = vi.spyOn(job.jobs, 'events');
    await job.checkpoint(4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looked).not.toHaveBeenCalled();
    expect(isCommitted(job, 2)).toBe(false);
    expect(job.jobs.stops).toEqual([]);
    expect(job.jobs.jobs.get(job.jobId)?.alive).toBe(true);
  });

  test('lets no activity begin to follow', async () => {
    const job = await FollowedJob.start();
    const followers = new JobFollowers(job);
    await followers.close();
    await expect(act(() => followers.of(job.jobId, { offsets: {} }))).rejects.toEqual(
      failure('Unreachable', /worker of this node ends/),
    );
  });
});
