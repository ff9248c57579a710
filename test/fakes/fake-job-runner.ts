import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FollowCursor, JobFence, JobSpec, RankExit, SupervisorState } from '../../src/contract/job.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import type { RunnerEvent } from '../../src/contract/runner-event.js';
import { JobFolder, type PlacedEvent } from '../../src/platform/runner/job-folder.js';
import type { JobRunner, JobView, StopMode } from '../../src/platform/runner/port.js';

interface FakeJob {
  spec: JobSpec;
  supervisor: SupervisorState;
  alive: boolean;
}

/** Jobs whose ranks are the test: it writes their events and logs into the real files, and says when they end. */
export class FakeJobRunner implements JobRunner {
  readonly jobs = new Map<string, FakeJob>();
  readonly stops: { jobId: string; mode: StopMode }[] = [];
  starts = 0;
  free = 1e12;
  /** What a job does by itself once it is started. */
  whenStarted: (spec: JobSpec) => Promise<void> = () => Promise.resolve();

  /** @param work a folder of the test. */
  constructor(readonly work: string) {}

  async start(spec: JobSpec): Promise<'started' | 'adopted'> {
    if (this.jobs.has(spec.jobId)) return 'adopted';
    this.starts += 1;
    const supervisor: SupervisorState = {
      ...{ jobId: spec.jobId, fence: spec.fence, pid: 1, startTime: '1', ranks: [], hangStacks: false, exits: null },
      beatAt: new Date().toISOString(),
    };
    this.jobs.set(spec.jobId, { spec, supervisor, alive: true });
    await this.folder(spec.jobId).writeSpec(spec);
    await this.whenStarted(spec);
    return 'started';
  }

  look(jobId: string): Promise<JobView | null> {
    const job = this.jobs.get(jobId);
    return Promise.resolve(job === undefined ? null : { ...job });
  }

  stop(jobId: string, mode: StopMode): Promise<void> {
    this.stops.push({ jobId, mode });
    const job = this.jobs.get(jobId);
    if (job?.supervisor.exits === null) this.end(jobId, job.alive ? 'Interrupted' : 'RankKilled');
    return Promise.resolve();
  }

  async stopOlder(fence: JobFence | null): Promise<void> {
    for (const { spec } of this.jobs.values()) {
      const { owner, gang } = spec.fence;
      if (fence === null || owner < fence.owner || (owner === fence.owner && gang < fence.gang)) await this.stop(spec.jobId, 'now');
    }
  }

  async events(jobId: string, cursor: FollowCursor): Promise<Map<number, PlacedEvent[]>> {
    const found = new Map<number, PlacedEvent[]>();
    for (const rank of this.ranksOf(jobId)) {
      found.set(rank, await this.folder(jobId).events(rank, cursor.offsets[String(rank)] ?? 0));
    }
    return found;
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.free);
  }

  log(jobId: string, rank: number, offset: number): Promise<Buffer> {
    return this.folder(jobId).log(rank, offset);
  }

  /** Ranks of the job write these events, each into its own file. */
  async tell(jobId: string, ...events: RunnerEvent[]): Promise<void> {
    for (const event of events) await this.append(this.folder(jobId).eventsPath(event.rank), `${JSON.stringify(event)}\n`);
  }

  async print(jobId: string, rank: number, text: string): Promise<void> {
    await this.append(this.folder(jobId).logPath(rank), text);
  }

  /** All ranks of the job have ended, with this kind. */
  end(jobId: string, kind: FailureKind | null = null): void {
    const job = this.need(jobId);
    const exits = this.ranksOf(jobId).map((rank): RankExit => ({
      ...{ rank, kind, logTail: [], signal: null, step: null },
      code: kind === null ? 0 : 1,
      message: kind === null ? 'it did what it was asked to' : `it ended of ${kind}`,
    }));
    this.jobs.set(jobId, { ...job, alive: false, supervisor: { ...job.supervisor, exits } });
  }

  /** The supervisor is gone without having told of exits. */
  loseSupervisor(jobId: string): void {
    this.jobs.set(jobId, { ...this.need(jobId), alive: false });
  }

  private ranksOf(jobId: string): number[] {
    const { first, count } = this.need(jobId).spec.ranks;
    return Array.from({ length: count }, (_, local) => first + local);
  }

  private need(jobId: string): FakeJob {
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new Error(`there is no job ${jobId}`);
    return job;
  }

  private folder(jobId: string): JobFolder {
    return new JobFolder(this.work, jobId);
  }

  private async append(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.work, path)), { recursive: true });
    await appendFile(join(this.work, path), text);
  }
}
