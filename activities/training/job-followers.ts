import { Context } from '@temporalio/activity';
import type { FollowCursor } from '../../src/contract/job.js';
import { Failure } from '../../src/domain/failures.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { JobFollower } from './job-follower.js';

/** The followers of a worker: one a job, however many activities watch it one after the other. Two would publish at once. */
export class JobFollowers {
  private readonly byJob = new Map<string, JobFollower>();
  private isClosed = false;

  constructor(private readonly ports: { jobs: JobRunner; store: ObjectStore; workLog: WorkLog }) {}

  /**
   * The follower of a job, called from an activity.
   * @param cursor where one begins that has yet to; one that goes on is past every cursor that it has told.
   * @throws Failure NodeLost when this node has no such job.
   */
  async of(jobId: string, cursor: FollowCursor): Promise<JobFollower> {
    const { jobs } = this.ports;
    const view = await jobs.look(jobId);
    if (view === null)
      throw new Failure('NodeLost', `job ${jobId} was never started on this node, or the node was made anew`, { jobId });
    for (let there = this.byJob.get(jobId); there !== undefined; there = this.byJob.get(jobId)) {
      if (!there.isOver) return there;
      await there.gone;
    }
    if (this.isClosed) throw new Failure('Unreachable', 'the worker of this node ends', { jobId });
    const follower = new JobFollower(this.ports, view.spec, cursor, Context.current().log);
    this.byJob.set(jobId, follower);
    void follower.gone.then(() => this.byJob.delete(jobId));
    return follower;
  }

  /** Ends the following of every job, and waits until nothing of it is in flight; ranks go on. */
  async close(): Promise<void> {
    this.isClosed = true;
    const followers = [...this.byJob.values()];
    for (const follower of followers) follower.stop();
    await Promise.all(followers.map(({ gone }) => gone));
  }
}
