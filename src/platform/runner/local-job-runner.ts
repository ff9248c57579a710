import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FollowCursor, JobFence, JobSpec, RankExit } from '../../contract/job.js';
import { Failure } from '../../domain/failures.js';
import { isAlive, killGroup, sendSignal } from '../process/process-identity.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';
import { JobFolder, type PlacedEvent } from './job-folder.js';
import type { JobRunner, JobView, StopMode } from './port.js';

/** A supervisor writes its state in about 0.2 s; one that has not after this is taken for dead. */
const SUPERVISOR_START_MS = 15_000;
/** Killing ranks takes a moment; a supervisor that has not ended after this is killed with its group. */
const STOP_NOW_MS = 10_000;

export interface LocalJobRunnerOptions {
  work: string;
  /** Command line of the rank supervisor; work folder and job id are appended. */
  supervisor: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
}

export class LocalJobRunner implements JobRunner {
  readonly work: string;

  constructor(private readonly options: LocalJobRunnerOptions) {
    this.work = options.work;
  }

  async start(spec: JobSpec): Promise<'started' | 'adopted'> {
    const folder = this.folder(spec.jobId);
    if ((await folder.state()) !== null) return 'adopted';
    await this.stopOlder(spec.fence);
    if ((await folder.spec()) === null) await folder.writeSpec(spec);
    const [command, ...args] = this.options.supervisor;
    const started = await startDetached({
      command,
      args: [...args, this.work, spec.jobId],
      cwd: this.work,
      env: this.options.env,
      log: folder.supervisorLog(),
    });
    const begun = await waitUntil(async () => (await folder.state()) ?? ((await isAlive(started)) ? null : 'ended'), {
      timeoutMs: SUPERVISOR_START_MS,
      everyMs: 50,
    });
    if (begun === null || (await folder.state()) === null) {
      throw new Failure(
        'RunnerCrashed',
        `the rank supervisor of job ${spec.jobId} did not start; its log is ${folder.supervisorLog()}`,
      );
    }
    return 'started';
  }

  async look(jobId: string): Promise<JobView | null> {
    const folder = this.folder(jobId);
    const spec = await folder.spec();
    if (spec === null) return null;
    const supervisor = await folder.state();
    return { spec, supervisor, alive: supervisor !== null && supervisor.exits === null && (await isAlive(supervisor)) };
  }

  async stop(jobId: string, mode: StopMode): Promise<void> {
    const view = await this.look(jobId);
    if (view === null || view.supervisor === null || view.supervisor.exits !== null) return;
    const { supervisor, spec } = view;
    const patienceMs = mode === 'checkpoint' ? (spec.limits.stepSeconds + spec.limits.checkpointSeconds) * 1000 : STOP_NOW_MS;
    if (await sendSignal(supervisor, mode === 'checkpoint' ? 'SIGTERM' : 'SIGINT')) {
      await waitUntil(async () => !(await isAlive(supervisor)), { timeoutMs: patienceMs, everyMs: 100 });
    }
    await this.endOrphans(jobId);
  }

  async stopOlder(fence: JobFence | null): Promise<void> {
    const names = await readdir(join(this.work, 'jobs')).catch(() => []);
    for (const jobId of names) {
      const view = await this.look(jobId);
      if (view === null || view.supervisor === null || view.supervisor.exits !== null) continue;
      const order = fence === null ? -1 : compareFences(view.spec.fence, fence);
      if (order < 0) await this.stop(jobId, 'now');
      if (order > 0 && view.alive) {
        throw new Failure('RunKeyInUse', `job ${jobId} of a newer owner or gang runs on this node`, { fence: view.spec.fence });
      }
    }
  }

  async events(jobId: string, cursor: FollowCursor): Promise<Map<number, PlacedEvent[]>> {
    const folder = this.folder(jobId);
    const spec = await folder.spec();
    const found = new Map<number, PlacedEvent[]>();
    for (let i = 0; i < (spec?.ranks.count ?? 0); i += 1) {
      const rank = (spec?.ranks.first ?? 0) + i;
      found.set(rank, await folder.events(rank, cursor.offsets[String(rank)] ?? 0));
    }
    return found;
  }

  log(jobId: string, rank: number, offset: number): Promise<Buffer> {
    return this.folder(jobId).log(rank, offset);
  }

  private folder(jobId: string): JobFolder {
    return new JobFolder(this.work, jobId);
  }

  /** Ranks whose supervisor is gone have nobody to tell of their end: they are killed, and their exits written for it. */
  private async endOrphans(jobId: string): Promise<void> {
    const folder = this.folder(jobId);
    const supervisor = await folder.state();
    if (supervisor === null || supervisor.exits !== null) return;
    await killGroup(supervisor);
    const exits: RankExit[] = [];
    for (const { rank } of supervisor.ranks) {
      exits.push({
        rank,
        code: null,
        signal: 'SIGKILL',
        kind: 'RankKilled',
        message: `the supervisor of rank ${rank} was gone, so the rank was ended`,
        logTail: await folder.logTail(rank, 20),
      });
    }
    await folder.writeState({ ...supervisor, exits });
  }
}

function compareFences(a: JobFence, b: JobFence): number {
  return a.owner - b.owner || a.gang - b.gang;
}
