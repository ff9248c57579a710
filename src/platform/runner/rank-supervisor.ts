import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobSpec, RankExit, SupervisorState } from '../../contract/job.js';
import { overdue, seen, stopPatience, type RankActivity } from '../../domain/hang-watch.js';
import { Failure } from '../../domain/failures.js';
import { failureOfExit, whyWithoutStack } from '../../domain/rank-exit.js';
import { identifyProcess, ownIdentity, processState } from '../process/process-identity.js';
import type { JobFolder } from './job-folder.js';
import { rankEnvironment, type RankSurroundings } from './rank-environment.js';

/** How often files are looked at: a tenth of the time in which a fault has to be noticed. */
const LOOK_MS = 500;
/** The state is written this often, as a sign of life. */
const BEAT_MS = 2_000;
/** A rank whose peer died ends by itself within two seconds (gloo, measured); then it is not waited for any longer. */
const PEER_GRACE_MS = 6_000;
/** Time for the stacks of a hung rank to reach its log. */
const STACKS_MS = 2_000;
/**
 * A host ends its node within 20 s of the deadline (worker and ranks have their time to end). One that has not after three times
 * that is gone for good, and nobody else is left who would end the ranks.
 */
const DEADLINE_GRACE_MS = 60_000;
/** Enough to see an exception with its traceback. */
const LOG_TAIL_LINES = 30;

interface SupervisorOptions extends RankSurroundings {
  /** Python with gpu_runner's requirements. */
  python: string;
  /** When the host of this node ends it, unless renewed; null where nobody has set one, or it cannot be read any more. */
  deadline: () => Promise<Date | null>;
}

type Ending = 'checkpoint' | 'now' | 'peer' | 'hang' | 'deadline';

interface Rank {
  rank: number;
  child: ChildProcess;
  ended: { code: number | null; signal: NodeJS.Signals | null } | null;
  killed: boolean;
  /** Why its stack cannot be in its log, where a hang was met and it could not write it. */
  mute: string | null;
  /** What is wrong with it, where its exit status cannot tell. */
  fault: Pick<RankExit, 'kind' | 'message'> | null;
}

/** Starts the ranks of one job and stays until all have ended; what it learns is in the job's folder. */
export class RankSupervisor {
  private readonly ranks: Rank[] = [];
  private readonly activity = new Map<number, RankActivity>();
  private readonly offsets = new Map<number, number>();
  private ending: Ending | null = null;
  private endBy = Infinity;
  private deadline: Date | null = null;
  private state!: SupervisorState;
  private wake: () => void = () => undefined;

  constructor(
    private readonly folder: JobFolder,
    private readonly spec: JobSpec,
    private readonly options: SupervisorOptions,
  ) {}

  /** @returns false when another supervisor has this job. */
  async run(): Promise<boolean> {
    const own = await ownIdentity();
    if (!(await this.folder.claim(own))) return false;
    process.on('SIGTERM', () => this.end('checkpoint'));
    process.on('SIGINT', () => this.end('now'));
    // Before the first rank, so that whoever cleans up after a crash knows the group that ranks are in.
    this.state = {
      jobId: this.spec.jobId,
      fence: this.spec.fence,
      ...own,
      ranks: [],
      beatAt: now(),
      exits: null,
      hangStacks: false,
    };
    await this.folder.writeState(this.state);
    this.startRanks();
    const ranks = await Promise.all(this.ranks.map(async ({ rank, child }) => ({ rank, ...(await identify(child)) })));
    this.state = { ...this.state, ranks };
    await this.folder.writeState(this.state);
    let beatAt = Date.now();
    while (this.ranks.some((rank) => rank.ended === null)) {
      await Promise.race([delay(LOOK_MS), new Promise<void>((resolve) => (this.wake = resolve))]);
      await this.look();
      if (Date.now() - beatAt >= BEAT_MS) {
        beatAt = Date.now();
        await this.folder.writeState({ ...this.state, beatAt: now() });
      }
    }
    await this.folder.writeState({ ...this.state, beatAt: now(), exits: await this.exits() });
    return true;
  }

  private startRanks(): void {
    const { ranks, plan } = this.spec;
    for (let local = 0; local < ranks.count; local += 1) {
      const rank = ranks.first + local;
      const log = openSync(join(this.folder.work, this.folder.logPath(rank)), 'a');
      const args = ['-m', 'gpu_runner', plan.command, '--plan', this.folder.planPath(), '--events', this.folder.eventsPath(rank)];
      const child = spawn(this.options.python, args, {
        cwd: this.folder.work,
        env: rankEnvironment(this.spec, local, this.options),
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const entry: Rank = { rank, child, ended: null, killed: false, mute: null, fault: null };
      child.once('error', (error) => {
        const message = `rank ${rank} did not start (${error.message}); FORMWORK_PYTHON has to name a Python with gpu-runner/requirements.txt`;
        entry.fault = { kind: 'EnvironmentNotReady', message };
        entry.ended = { code: null, signal: null };
        this.wake();
      });
      child.once('exit', (code, signal) => {
        entry.ended = { code, signal };
        this.wake();
      });
      this.ranks.push(entry);
      this.activity.set(rank, { phase: 'imports', atMs: Date.now() });
    }
  }

  private async look(): Promise<void> {
    for (const entry of this.ranks) if (entry.ended === null && entry.fault === null) await this.readEvents(entry);
    const failed = this.ranks.some(
      ({ ended, fault }) =>
        fault !== null || (ended !== null && ![null, 'Interrupted'].includes(failureOfExit(ended.code, ended.signal))),
    );
    if (failed) this.end('peer');
    const running = new Map(
      [...this.activity].filter(([rank]) => this.ranks.some((entry) => entry.rank === rank && entry.ended === null)),
    );
    if (overdue(running, this.spec.limits, Date.now()).length > 0) await this.endHung();
    this.deadline = (await this.options.deadline()) ?? this.deadline;
    if (this.deadline !== null && Date.now() >= this.deadline.getTime() + DEADLINE_GRACE_MS) this.end('deadline');
    if (Date.now() >= this.endBy) this.killRanks();
  }

  private async readEvents(entry: Rank): Promise<void> {
    const { rank } = entry;
    try {
      for (const { event, end } of await this.folder.events(rank, this.offsets.get(rank) ?? 0)) {
        this.offsets.set(rank, end);
        this.activity.set(rank, seen(this.activity.get(rank) as RankActivity, event, Date.now()));
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      entry.fault = { kind: error.kind, message: error.message };
    }
  }

  /** The first reason stands, but a softer way to end gives way to a harder one. */
  private end(ending: Ending): void {
    const patienceMs = ending === 'checkpoint' ? stopPatience(this.spec.limits) * 1000 : ending === 'peer' ? PEER_GRACE_MS : 0;
    if (this.ending === null) this.ending = ending;
    if (ending === 'checkpoint' && this.endBy === Infinity) this.signalRanks('SIGTERM');
    this.endBy = Math.min(this.endBy, Date.now() + patienceMs);
    this.wake();
  }

  private async endHung(): Promise<void> {
    // Ranks that wait for one that has ended, or are being killed, are not what is wrong.
    if (this.ending !== null && this.ending !== 'checkpoint') return;
    this.ending = 'hang';
    this.state = { ...this.state, hangStacks: true };
    // gpu_runner registers faulthandler on this signal: the stacks of all threads go to the rank's log.
    this.signalRanks('SIGUSR1');
    await delay(STACKS_MS);
    await Promise.all(this.ranks.map((entry) => this.noteMute(entry)));
    this.endBy = Date.now();
  }

  /**
   * A stopped process handles no signal, so it cannot write its stack. It is not continued for that: it would train on in the
   * middle of being ended, and what hangs it is whoever stopped it, not where it stood.
   */
  private async noteMute(entry: Rank): Promise<void> {
    if (entry.ended !== null) return;
    entry.mute = whyWithoutStack(await processState(entry.child.pid ?? 0));
    if (entry.mute === null) return;
    const line = `formwork: rank ${entry.rank} hangs and has no stack to show: ${entry.mute}\n`;
    await appendFile(join(this.folder.work, this.folder.logPath(entry.rank)), line);
  }

  private signalRanks(signal: NodeJS.Signals): void {
    for (const { child, ended } of this.ranks) if (ended === null) child.kill(signal);
  }

  private killRanks(): void {
    for (const rank of this.ranks) if (rank.ended === null) rank.killed = rank.child.kill('SIGKILL');
  }

  private async exits(): Promise<RankExit[]> {
    // What was written since the last look may be the reason of the end, or the fault.
    for (const entry of this.ranks) if (entry.fault === null) await this.readEvents(entry);
    return Promise.all(
      this.ranks.map(async (entry) => ({
        rank: entry.rank,
        code: entry.ended?.code ?? null,
        signal: entry.ended?.signal ?? null,
        ...(entry.fault === null ? await this.explain(entry) : { ...entry.fault, step: null }),
        logTail: await this.folder.logTail(entry.rank, LOG_TAIL_LINES),
      })),
    );
  }

  private async explain(entry: Rank): Promise<Pick<RankExit, 'kind' | 'message' | 'step'>> {
    const { rank, ended, killed } = entry;
    const code = ended?.code ?? null;
    const signal = ended?.signal ?? null;
    const told = (await this.folder.events(rank, 0)).findLast(({ event }) => event.kind === 'failed')?.event;
    const message =
      told?.kind === 'failed'
        ? told.message
        : signal !== null
          ? `rank ${rank} was ended by ${signal}`
          : `rank ${rank} ended with code ${code ?? 'unknown'}`;
    // It may have ended by itself before our signal reached it.
    if (killed && signal === 'SIGKILL') return { ...this.explainKill(entry, message), step: null };
    return { kind: failureOfExit(code, signal), message, step: told?.kind === 'failed' ? told.step : null };
  }

  /** A kill of ours counts as the reason for which we killed. */
  private explainKill({ rank, mute }: Rank, message: string): Pick<RankExit, 'kind' | 'message'> {
    switch (this.ending) {
      case 'hang': {
        const { phase } = this.activity.get(rank) as RankActivity;
        return {
          kind: 'Hang',
          message: `rank ${rank} made no progress in phase ${phase} within its limit; ${mute ?? 'the stacks are in its log'}`,
        };
      }
      case 'peer':
        return { kind: 'LostPeer', message: `rank ${rank} was ended after another rank of its node had failed` };
      case 'now':
      case 'checkpoint':
        return { kind: 'Interrupted', message: `rank ${rank} was asked to stop` };
      case 'deadline': {
        const passed = this.deadline?.toISOString() ?? 'unknown';
        return {
          kind: 'Interrupted',
          message: `rank ${rank} was ended ${DEADLINE_GRACE_MS / 1000} s after the deadline of its node (${passed}), since no host did it`,
        };
      }
      case null:
        return { kind: 'RankKilled', message };
    }
  }
}

const now = (): string => new Date().toISOString();

async function identify(child: ChildProcess): Promise<{ pid: number; startTime: string }> {
  const pid = child.pid ?? 0;
  return (await identifyProcess(pid)) ?? { pid, startTime: '' };
}
