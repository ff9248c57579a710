import type { Logger } from '@temporalio/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { FollowBeat, FollowCursor, FollowProgress, FollowResult, JobSpec, RankExit } from '../../src/contract/job.js';
import { Failure } from '../../src/domain/failures.js';
import { totalBytes } from '../../src/domain/total-bytes.js';
import { JobMarks } from '../../src/domain/ledger/job-marks.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner, JobView } from '../../src/platform/runner/port.js';
import { CheckpointPublisher } from './checkpoint-publisher.js';
import { DiskWatch } from './disk-watch.js';
import { DutyQueue } from './duty-queue.js';
import { EventShipper } from './event-shipper.js';
import { JobEvents, type Duty } from './job-events.js';
import { LogShipper } from './log-shipper.js';

/** A checkpoint that is whole is taken up this soon; the files are local, and reading on costs little. */
const LOOK_MS = 500;
/** What a node that is lost had not told is counted as lost in the ledger; each time is one small object. */
const NOTE_EVERY_MS = 10_000;
/** The store may be away for a moment. */
const RETRY_MS = 5_000;
/** After the ranks have ended, how long publishing may still fail before the follower does. */
const GIVE_UP_MS = 60_000;
/** Of a gang that has failed: what another node has nearly uploaded is worth this much of the time to form the next one. */
const FAILED_PEER_MS = 5_000;
/** Node 0 chooses what it has newest, so nothing older is asked for. */
const KEPT_ON_FIRST = 1;
/** Node 0 may have chosen one a moment before this node completed the next. */
const KEPT_ON_OTHERS = 2;

type JobEnd = Extract<FollowResult, { state: 'ended' }>;

export interface Look {
  beat: FollowBeat;
  /** null: the job goes on. */
  end: JobEnd | null;
}

interface Ports {
  jobs: JobRunner;
  store: ObjectStore;
  workLog: WorkLog;
}

interface Watcher {
  resolve: (look: Look) => void;
  reject: (error: Error) => void;
}

/**
 * Makes durable what the ranks of a job of this node write, from its first look until all of it is in the store, whether anybody
 * watches or not: an activity is cancelled when the server has not heard from it, and that is no reason to leave checkpoints on
 * the disk of a node. Following is not running: nothing that happens to a follower touches the ranks.
 */
export class JobFollower {
  /** Settles when nothing of it is in flight any more: from then on another follower may have the job. */
  readonly gone: Promise<void>;
  private readonly events: JobEvents;
  private readonly logs: LogShipper;
  private readonly shipper: EventShipper;
  private readonly publisher: CheckpointPublisher | null;
  private readonly duties: DutyQueue;
  private readonly disk: DiskWatch;
  /** What this node has of the newest checkpoint. */
  private checkpointBytes = 0;
  private readonly marks = new JobMarks();
  private readonly stopping = new AbortController();
  private readonly watchers: Watcher[] = [];
  /** What is being done with the store beside the watching: a store that hangs must not look like a follower that is lost. */
  private working: Promise<void> | null = null;
  private shipping: Promise<void> | null = null;
  private noting: Promise<void> | null = null;
  private notedAt = 0;
  private trouble: { error: unknown; what: string; since: number; retryAt: number } | null = null;
  private endedAt: number | null = null;
  private lastSaid: JobEnd | null = null;
  /** How it was over; null: it goes on. */
  private outcome: { end: JobEnd } | { error: unknown } | null = null;

  constructor(
    private readonly ports: Ports,
    private readonly spec: JobSpec,
    cursor: FollowCursor,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    const { jobs, store } = ports;
    this.events = new JobEvents(spec, cursor);
    this.logs = new LogShipper(store, jobs, spec);
    this.shipper = new EventShipper(store, jobs, spec);
    this.publisher = spec.publish === null ? null : new CheckpointPublisher(store, jobs.work, spec, spec.publish);
    this.duties = new DutyQueue(this.publisher?.isFirst === false ? KEPT_ON_OTHERS : KEPT_ON_FIRST);
    this.disk = new DiskWatch(jobs, store, log);
    this.gone = this.run();
  }

  get isOver(): boolean {
    return this.outcome !== null;
  }

  /** Waits for the next look. `end`: nothing comes after it. @throws what the follower has failed of. */
  next(): Promise<Look> {
    return new Promise((resolve, reject) => {
      this.watchers.push({ resolve, reject });
      if (this.outcome !== null) this.tell();
    });
  }

  /** Ends the following, not the ranks; what is being uploaded is broken off. */
  stop(): void {
    this.stopping.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    try {
      this.outcome = { end: await this.follow(signal) };
    } catch (error) {
      this.outcome = { error };
      // Nobody may be there to be told.
      if (!signal.aborted) this.log.warn('a job could not be followed on', { jobId: this.spec.jobId, err: error });
      this.stop();
    }
    this.tell();
    await Promise.all([this.working, this.shipping, this.noting]);
  }

  private async follow(signal: AbortSignal): Promise<JobEnd> {
    const { jobs } = this.ports;
    const { jobId, ranks } = this.spec;
    for (;;) {
      signal.throwIfAborted();
      const view = (await jobs.look(jobId)) as JobView;
      // Looked at before the events are read: what was written before the end is then read for certain.
      if (!view.alive) this.endedAt ??= Date.now();
      const found = await jobs.events(jobId, this.events.read);
      for (const { event } of found.get(ranks.first) ?? []) this.marks.take(event);
      const told = this.events.take(found);
      await this.passOver(this.duties.add(told));
      for (const duty of told) if (duty.kind === 'checkpoint') this.checkpointBytes = totalBytes(duty.local.files);
      this.disk.look(this.checkpointBytes);
      if (this.working === null && this.shipping === null) {
        if (this.lastSaid !== null) return this.lastSaid;
        if (this.endedAt !== null) this.giveUp(this.endedAt);
      }
      this.tell();
      this.work(signal);
      this.shipLogs();
      this.note();
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  private tell(): void {
    const { outcome } = this;
    // A copy: the worker encodes a beat when it sends it.
    const beat: FollowBeat = { cursor: { offsets: { ...this.events.settled.offsets } }, progress: this.progress() };
    for (const { resolve, reject } of this.watchers.splice(0)) {
      if (outcome !== null && 'error' in outcome) reject(outcome.error as Error);
      else resolve({ beat, end: outcome?.end ?? null });
    }
  }

  private giveUp(endedAt: number): void {
    if (this.trouble !== null && Date.now() - Math.max(this.trouble.since, endedAt) > GIVE_UP_MS) throw this.trouble.error;
  }

  private progress(): FollowProgress {
    const { progress } = this.events;
    const trouble = [this.troubleInWords() ?? progress.trouble, this.disk.warning].filter((one) => one !== null);
    return { ...progress, trouble: trouble.length === 0 ? null : trouble.join('; ') };
  }

  private troubleInWords(): string | null {
    if (this.trouble === null) return null;
    const { error, what, since } = this.trouble;
    const seconds = Math.round((Date.now() - since) / 1000);
    return `${what} has not reached the store for ${seconds} s: ${error instanceof Error ? error.message : String(error)}`;
  }

  /** Does one thing after the other beside the watching; the cursor passes a thing when it is in the store. */
  private work(signal: AbortSignal): void {
    if (this.working !== null || this.lastSaid !== null || Date.now() < (this.trouble?.retryAt ?? 0)) return;
    const next = this.duties.isEmpty ? (this.endedAt === null ? null : this.lastWords()) : this.publishNext(signal);
    this.working =
      next?.finally(() => {
        this.working = null;
      }) ?? null;
  }

  private async publishNext(signal: AbortSignal): Promise<void> {
    let duty: Duty | null = null;
    try {
      duty = await this.nextDuty();
      if (duty === null) return;
      await this.passOver(this.duties.begin(duty));
      await this.fulfil(duty, signal);
      this.close(duty, true);
    } catch (error) {
      this.meet(error, duty === null ? 'a checkpoint' : `${duty.kind} of step ${duty.local.step}`);
      // It will never be whole: the one before it counts, and the next one is not held up.
      if (duty !== null && error instanceof Failure && error.kind === 'CheckpointIncomplete') this.close(duty, false);
      else this.duties.end(false);
    }
  }

  /** What is to be published next: on node 0 the first of the queue, on another what node 0 has chosen; null: not yet known. */
  private async nextDuty(): Promise<Duty | null> {
    const [first] = this.duties.all;
    if (first === undefined || this.publisher === null || this.publisher.isFirst) return first ?? null;
    const choice = await this.publisher.chosenOf(this.duties.all.map(({ local }) => local.step));
    if (choice === null && !this.isAbandoned()) return null;
    // Not chosen, and it will not be: it is begun in order to be refused.
    return this.duties.all.find(({ local }) => local.step === choice) ?? first;
  }

  /** No other node can be expected to finish its part any more. */
  private isAbandoned(): boolean {
    if (this.endedAt === null) return false;
    const hasFailed = !this.events.results.has('finished') && !this.events.results.has('interrupted');
    const patienceMs = hasFailed ? FAILED_PEER_MS : this.spec.limits.checkpointSeconds * 1000;
    return Date.now() - this.endedAt > patienceMs;
  }

  private async fulfil(duty: Duty, signal: AbortSignal): Promise<void> {
    if (this.publisher === null) return;
    // The cursor passes what is shipped, so events go before whatever they tell of.
    await this.shipper.ship(this.events.settled, {
      offsets: Object.fromEntries([...duty.ends].map(([rank, end]) => [String(rank), end])),
    });
    if (duty.kind === 'snapshot') return this.publisher.publishSnapshot(duty.local, signal);
    const steps = duty.passedOver.map(({ local }) => local.step);
    const passedOver = await this.publisher.publishCheckpoint(duty.local, steps, signal, () => this.isAbandoned());
    if (passedOver.length > 0) this.log.warn('checkpoints were passed over for a newer one', { passedOver, step: duty.local.step });
  }

  private close(duty: Duty, isPublished: boolean): void {
    this.duties.end(true);
    this.trouble = null;
    this.events.settle(duty, isPublished);
  }

  /** Frees the disk at once: the store may be away for long. */
  private async passOver(older: readonly Duty[]): Promise<void> {
    for (const { local } of older) await this.publisher?.dropLocal(local);
  }

  /** Once all that the job made is in the store, the rest of its logs and events follow, and it is over. */
  private async lastWords(): Promise<void> {
    const { jobs } = this.ports;
    const { jobId } = this.spec;
    try {
      await Promise.all([this.shipping, this.noting]);
      // A supervisor that is gone without having told exits leaves ranks without anybody to account for them.
      await jobs.stop(jobId, 'now');
      await this.logs.ship({ now: true });
      await this.shipper.ship(this.events.settled, this.events.read);
      const view = (await jobs.look(jobId)) as JobView;
      const exits = view.supervisor?.exits ?? [];
      await this.noteEnd(exits, view.supervisor?.beatAt ?? new Date().toISOString());
      this.lastSaid = {
        state: 'ended',
        exits,
        results: [...this.events.results.values()],
        progress: this.progress(),
      };
    } catch (error) {
      this.meet(error, 'the end of logs and events');
    }
  }

  private meet(error: unknown, what: string): void {
    if (this.stopping.signal.aborted) return;
    this.log.warn('publishing failed', { what, err: error });
    this.trouble = { error, what, since: this.trouble?.since ?? Date.now(), retryAt: Date.now() + RETRY_MS };
  }

  /** For the ledger of the run, in which this node is paid for. */
  private note(): void {
    if (this.noting !== null || this.endedAt !== null || Date.now() - this.notedAt < NOTE_EVERY_MS) return;
    const { all: marks } = this.marks;
    const [first] = marks;
    if (first === undefined) return;
    this.notedAt = Date.now();
    this.noting = this.ports.workLog.seen(this.spec, { startedAt: first.at, marks }).finally(() => {
      this.noting = null;
    });
  }

  private noteEnd(exits: readonly RankExit[], lastBeatAt: string): Promise<void> {
    const { all: marks } = this.marks;
    // Of a supervisor that was killed the last beat is older than what its ranks did after it.
    const lastAt = marks.at(-1)?.at ?? lastBeatAt;
    const ranksEndedAt = lastAt > lastBeatAt ? lastAt : lastBeatAt;
    const kinds = [...new Set(exits.flatMap(({ kind }) => kind ?? []))];
    const settledAt = new Date().toISOString();
    return this.ports.workLog.ended(this.spec, { startedAt: marks[0]?.at ?? ranksEndedAt, ranksEndedAt, settledAt, kinds, marks });
  }

  private shipLogs(): void {
    // The last part is shipped with the last words: two at once would overlap.
    if (this.shipping !== null || this.endedAt !== null) return;
    this.shipping = this.logs
      .ship({ now: false })
      .catch((error: unknown) => {
        // Tried again with the next part; at the end of the job a failure counts.
        this.log.warn('logs could not be shipped', { err: error });
      })
      .finally(() => {
        this.shipping = null;
      });
  }
}
