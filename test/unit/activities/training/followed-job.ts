import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { followRanks } from '../../../../activities/training/follow-ranks.js';
import { JobFollowers } from '../../../../activities/training/job-followers.js';
import type { StoredFile } from '../../../../src/contract/checkpoint.js';
import type { FollowBeat, FollowCursor, FollowResult, JobSpec } from '../../../../src/contract/job.js';
import type { RunnerEvent } from '../../../../src/contract/runner-event.js';
import { epochFolder, stepFolder } from '../../../../src/domain/store-keys.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { ActivityContext } from '../../../fixtures/activity-context.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { ROUND, sha256 } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

export const TRAJECTORY = `${ROUND}/trajectories/0`;
export const checkpointKey = (step: number): string => `${TRAJECTORY}/checkpoints/${stepFolder(step)}`;
export const snapshotKey = (epoch: number): string => `${TRAJECTORY}/epochs/${epochFolder(epoch)}`;
export const publishing = { node: 0, nodes: 1, prefix: TRAJECTORY, trajectory: 0, keepCheckpoints: 2 };

/** The training of two ranks on one node, with the test in the place of the ranks. */
export class FollowedJob {
  readonly jobs: FakeJobRunner;
  readonly workLog = new FakeWorkLog();
  readonly spec: JobSpec;
  readonly jobId: string;
  /** Of the worker that the node has now. */
  followers: JobFollowers;

  private constructor(
    readonly store: InMemoryObjectStore,
    spec: Partial<JobSpec>,
  ) {
    this.jobs = new FakeJobRunner(temporaryFolder());
    this.spec = trainJob({ publish: publishing, ...spec });
    this.jobId = this.spec.jobId;
    this.followers = new JobFollowers(this);
  }

  static async start(spec: Partial<JobSpec> = {}, store = new InMemoryObjectStore()): Promise<FollowedJob> {
    const job = new FollowedJob(store, spec);
    await job.jobs.start(job.spec);
    return job;
  }

  follow(cursor: FollowCursor = { offsets: {} }): Follower {
    return new Follower(this, this.followers, cursor);
  }

  /** The node has another worker, and nothing of the one before is left but what has been beaten. */
  async loseWorker(): Promise<void> {
    const lost = this.followers;
    this.followers = new JobFollowers(this);
    await lost.close();
  }

  tell(...events: Parameters<FakeJobRunner['tell']>[1][]): Promise<void> {
    return this.jobs.tell(this.jobId, ...events);
  }

  /** Ranks have written their shards of a checkpoint and tell of them. `writes: false`: they only tell. */
  async checkpoint(step: number, ranks = [0, 1], options: { claimedSha256?: string; writes?: boolean } = {}): Promise<void> {
    const folder = `jobs/${this.jobId}/checkpoints/${stepFolder(step)}`;
    for (const rank of ranks) {
      const file = this.file(folder, `rank-${rank}.bin`, `shard ${rank} of step ${step}`, options.writes ?? true);
      const files = [{ ...file, sha256: options.claimedSha256 ?? file.sha256 }];
      await this.tell(runnerEvent('checkpoint', { rank, step, folder, files }));
    }
  }

  async snapshot(epoch: number, step: number): Promise<void> {
    const folder = `jobs/${this.jobId}/epochs/${epochFolder(epoch)}`;
    const files = [this.file(folder, 'model.safetensors', `weights of epoch ${epoch}`, true)];
    await this.tell(runnerEvent('snapshot', { epoch, step, folder, files }));
  }

  async finish(): Promise<void> {
    for (const rank of [0, 1]) await this.tell(runnerEvent('finished', { rank }));
    this.jobs.end(this.jobId);
  }

  /** Nothing of what the ranks wrote is on the disk of the node any more. */
  wipe(): void {
    for (const folder of ['checkpoints', 'epochs']) rmSync(join(this.jobs.work, 'jobs', this.jobId, folder), { recursive: true });
    mkdirSync(join(this.jobs.work, 'jobs', this.jobId, 'checkpoints'));
  }

  /** All that the parts of a rank's events in the store hold, each byte once. */
  storedEvents(rank: number): RunnerEvent[] {
    let text = Buffer.alloc(0);
    for (const key of this.store.keys(`${this.spec.storePrefix}/events/rank-${rank}/`)) {
      const from = Number(/(\d+)-\d+$/.exec(key)?.[1]);
      if (from > text.length) throw new Error(`events of rank ${rank} are missing from ${text.length} to ${from}`);
      text = Buffer.concat([text.subarray(0, from), this.store.need(key)]);
    }
    const lines = text.toString('utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as RunnerEvent);
  }

  private file(folder: string, path: string, content: string, writes: boolean): StoredFile {
    mkdirSync(join(this.jobs.work, folder), { recursive: true });
    if (writes) writeFileSync(join(this.jobs.work, folder, path), content);
    return { path, bytes: content.length, sha256: sha256(content) };
  }
}

/** One followRanks that runs. */
export class Follower {
  readonly context = new ActivityContext();
  readonly result: Promise<FollowResult>;

  constructor(
    private readonly job: FollowedJob,
    followers: JobFollowers,
    cursor: FollowCursor,
  ) {
    this.result = this.context.run(followRanks({ followers }), { jobId: job.jobId, cursor });
    // A test may look at a failure later than it comes.
    this.result.catch(() => undefined);
  }

  get lastBeat(): FollowBeat {
    return this.context.beats.at(-1) as FollowBeat;
  }

  async ended(): Promise<Extract<FollowResult, { state: 'ended' }>> {
    const result = await this.result;
    if (result.state !== 'ended') throw new Error('the follower handed back');
    return result;
  }

  /** Ends as a worker does that is killed: only its last beat is left. */
  async lose(): Promise<FollowCursor> {
    this.context.cancel();
    await this.result.catch(() => undefined);
    void this.job.loseWorker();
    return this.lastBeat.cursor;
  }
}
