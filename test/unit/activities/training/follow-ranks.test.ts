import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { followRanks } from '../../../../activities/training/follow-ranks.js';
import { JobFollowers } from '../../../../activities/training/job-followers.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';
import { FollowedJob } from './followed-job.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

describe('what a follower sees', () => {
  test('a job that this node never had tells that the node was lost', async () => {
    const followers = new JobFollowers({
      jobs: new FakeJobRunner(temporaryFolder()),
      store: new InMemoryObjectStore(),
      workLog: new FakeWorkLog(),
    });
    await expect(act(followRanks({ followers }), { jobId: 'round-0-t0', cursor: { offsets: {} } })).rejects.toEqual(
      failure('NodeLost', /job round-0-t0 was never started on this node/),
    );
  });

  test('the end: exits of all ranks, and the newest event of each kind that is a result', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await job.tell(
      runnerEvent('planned', { total_steps: 4 }),
      runnerEvent('step', { step: 1 }),
      runnerEvent('planned', { total_steps: 6 }),
    );
    await follower.context.beat(2);
    await job.finish();
    const { exits, results } = await follower.ended();
    expect(exits).toMatchObject([
      { rank: 0, kind: null },
      { rank: 1, kind: null },
    ]);
    expect(results.map((event) => [event.kind, event.kind === 'planned' ? event.total_steps : null])).toEqual([
      ['planned', 6],
      ['finished', null],
    ]);
  });

  test('each beat has the progress of its time', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await follower.context.beat();
    expect(follower.lastBeat.progress).toMatchObject({ phase: 'imports', done: 0, total: null });
    await job.tell(runnerEvent('planned', { total_steps: 6 }), runnerEvent('step', { step: 2, loss: 1.25 }));
    await follower.context.beat(2);
    expect(follower.lastBeat.progress).toMatchObject({ phase: 'loop', done: 2, total: 6, loss: 1.25, checkpointStep: null });
    await follower.lose();
  });

  test('the exits that the runner gives for ranks whose supervisor is gone', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await follower.context.beat();
    job.jobs.loseSupervisor(job.jobId);
    expect((await follower.ended()).exits).toMatchObject([{ kind: 'RankKilled' }, { kind: 'RankKilled' }]);
    expect(job.jobs.stops).toEqual([{ jobId: job.jobId, mode: 'now' }]);
  });

  test('a line that is no event fails the follower, not the ranks: that is the matter of their supervisor', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await follower.context.beat();
    await job.tell(runnerEvent('started'));
    await appendFile(join(job.jobs.work, 'jobs', job.jobId, 'events', 'rank-0.jsonl'), '{"kind": "st{"kind": "step"}\n');
    await expect(follower.result).rejects.toEqual(failure('RunnerCrashed', /rank 0 wrote an event that is not in the contract/));
    expect(job.jobs.stops).toEqual([]);
  });
});

describe('following is not running', () => {
  test('cancelled, it ends at once and no rank is stopped', async () => {
    const job = await FollowedJob.start();
    const follower = job.follow();
    await follower.context.beat();
    follower.context.cancel();
    await expect(follower.result).rejects.toThrow(/CANCELLED|abort/i);
    expect(job.jobs.stops).toEqual([]);
    expect(job.jobs.jobs.get(job.jobId)?.alive).toBe(true);
  });

  test('after ten minutes it hands back where it is, and the ranks go on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const job = await FollowedJob.start();
      const follower = job.follow();
      await job.checkpoint(2);
      await vi.waitFor(() => expect(follower.lastBeat.progress.checkpointStep).toBe(2));
      vi.setSystemTime(Date.now() + 10 * 60_000 + 1);
      const result = await follower.result;
      expect(result).toEqual({ state: 'running', ...follower.lastBeat });
      expect(Object.keys(follower.lastBeat.cursor.offsets)).toEqual(['0', '1']);
      expect(job.jobs.stops).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});
