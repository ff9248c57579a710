import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FollowCursor, JobFence, JobSpec, RankExit, SupervisorState } from '../../contract/job.js';
import { Failure } from '../../domain/failures.js';
import { stopPatience } from '../../domain/hang-watch.js';
import { freeBytesAt, nullIfMissing } from '../files.js';
import { isAlive, killGroup, ownIdentity, sendSignal } from '../process/process-identity.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';
import { JobFolder, type PlacedEvent } from './job-folder.js';
import type { JobRunner, JobView, StopMode } from './port.js';

/** A supervisor writes its state in about 0.2 s; one that has not after this is taken for dead. */
const SUPERVISOR_START_MS = 15_000;
/** Killing ranks takes a moment; a supervisor that has not ended after this is killed with its group. */
const STOP_NOW_MS = 10_000;
const LOOK_MS = 50;

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
    // Another start may have been faster: its supervisor has the job then, and ours has ended.
    await waitUntil(async () => (await folder.state()) !== null || !((await isAlive(started)) || (await isClaimed(folder))), {
      timeoutMs: SUPERVISOR_START_MS,
      everyMs: LOOK_MS,
    });
    const state = await folder.state();
    if (state === null) {
      throw new Failure(
        'RunnerCrashed',
        `the rank supervisor of job ${spec.jobId} did not start; its log is ${folder.supervisorLog()}`,
      );
    }
    return state.pid === started.pid ? 'started' : 'adopted';
  }

  async look(jobId: string): Promise<JobView | null> {
    const folder = this.folder(jobId);
    const spec = await folder.spec();
    if (spec === null) return null;
    const supervisor = await folder.state();
    const alive = supervisor === null ? isClaimed(folder) : supervisor.exits === null && isAlive(supervisor);
    return { spec, supervisor, alive: await alive };
  }

  async stop(jobId: string, mode: StopMode): Promise<void> {
    const folder = this.folder(jobId);
    const spec = await folder.spec();
    if (spec === null) return;
    const supervisor = await this.supervisorOrNone(folder, spec);
    if (supervisor.exits !== null) return;
    const patienceMs = mode === 'checkpoint' ? stopPatience(spec.limits) * 1000 + STOP_NOW_MS : STOP_NOW_MS;
    if (await sendSignal(supervisor, mode === 'checkpoint' ? 'SIGTERM' : 'SIGINT')) {
      await waitUntil(async () => !(await isAlive(supervisor)), { timeoutMs: patienceMs, everyMs: 100 });
    }
    await this.endOrphans(folder, spec);
  }

  async stopOlder(fence: JobFence | null): Promise<void> {
    const names = (await readdir(join(this.work, 'jobs')).catch(nullIfMissing)) ?? [];
    for (const jobId of names) {
      const view = await this.look(jobId);
      if (view === null || (view.supervisor !== null && view.supervisor.exits !== null)) continue;
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
    for (const rank of spec === null ? [] : ranksOf(spec)) {
      found.set(rank, await folder.events(rank, cursor.offsets[String(rank)] ?? 0));
    }
    return found;
  }

  freeBytes(): Promise<number> {
    return freeBytesAt(this.work);
  }

  log(jobId: string, rank: number, offset: number): Promise<Buffer> {
    return this.folder(jobId).log(rank, offset);
  }

  private folder(jobId: string): JobFolder {
    return new JobFolder(this.work, jobId);
  }

  /** The supervisor's state. A job that has none yet is claimed, so that a late supervisor finds it taken and starts no rank. */
  private async supervisorOrNone(folder: JobFolder, spec: JobSpec): Promise<SupervisorState> {
    const own = await ownIdentity();
    if ((await folder.state()) === null && !(await folder.claim(own))) {
      // A claimant that lives is about to say so.
      await waitUntil(async () => (await folder.state()) !== null || !(await isClaimed(folder)), {
        timeoutMs: SUPERVISOR_START_MS,
        everyMs: LOOK_MS,
      });
    }
    const state = await folder.state();
    if (state !== null) return state;
    const never: SupervisorState = {
      ...{ jobId: spec.jobId, fence: spec.fence, ...own, ranks: [], hangStacks: false },
      beatAt: new Date().toISOString(),
      exits: ranksOf(spec).map((rank) => ({
        ...{ rank, code: null, signal: null, step: null, logTail: [] },
        kind: 'Interrupted',
        message: `rank ${rank} was asked to stop before it began`,
      })),
    };
    await folder.writeState(never);
    return never;
  }

  /** Ranks whose supervisor is gone have nobody to tell of their end: they are killed, and their exits written for it. */
  private async endOrphans(folder: JobFolder, spec: JobSpec): Promise<void> {
    const supervisor = await folder.state();
    if (supervisor === null || supervisor.exits !== null) return;
    await killGroup(supervisor);
    const isOver = async (): Promise<boolean> => !(await Promise.all(supervisor.ranks.map(isAlive))).includes(true);
    await waitUntil(isOver, { timeoutMs: STOP_NOW_MS, everyMs: LOOK_MS });
    const exits: RankExit[] = [];
    // Of the job, not of the state: a supervisor may be gone before it has written down which ranks it started.
    for (const rank of ranksOf(spec)) {
      exits.push({
        rank,
        code: null,
        signal: 'SIGKILL',
        kind: 'RankKilled',
        message: `the supervisor of rank ${rank} was gone, so the rank was ended`,
        step: null,
        logTail: await folder.logTail(rank, 20),
      });
    }
    await folder.writeState({ ...supervisor, exits });
  }
}

const ranksOf = ({ ranks }: JobSpec): number[] => Array.from({ length: ranks.count }, (_, local) => ranks.first + local);

/** A supervisor that lives has taken the job. */
async function isClaimed(folder: JobFolder): Promise<boolean> {
  const claimant = await folder.claimant();
  return claimant !== null && isAlive(claimant);
}

function compareFences(a: JobFence, b: JobFence): number {
  return a.owner - b.owner || a.gang - b.gang;
}
