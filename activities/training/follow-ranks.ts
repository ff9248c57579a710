import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { FollowBeat, FollowCursor, FollowProgress, FollowResult } from '../../src/contract/job.js';
import { Failure } from '../../src/domain/failures.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner, JobView } from '../../src/platform/runner/port.js';
import { CheckpointPublisher } from './checkpoint-publisher.js';
import { DutyQueue } from './duty-queue.js';
import { EventShipper } from './event-shipper.js';
import { JobEvents, type Duty } from './job-events.js';
import { LogShipper } from './log-shipper.js';

/** A person sees progress about once a second. */
const LOOK_MS = 500;
/** Handed back after this, and scheduled again by the workflow: no activity is open for days. */
const HAND_BACK_MS = 10 * 60_000;
/** The store may be away for a moment. */
const RETRY_MS = 5_000;
/** After the ranks have ended, how long publishing may still fail before the activity does. */
const GIVE_UP_MS = 60_000;
/** Of a gang that has failed: what another node has nearly uploaded is worth this much of the time to form the next one. */
const FAILED_PEER_MS = 5_000;
/** Node 0 chooses what it has newest, so nothing older is asked for. */
const KEPT_ON_FIRST = 1;
/** Node 0 may have chosen one a moment before this node completed the next. */
const KEPT_ON_OTHERS = 2;

export interface FollowInput {
  jobId: string;
  cursor: FollowCursor;
}

/**
 * Watches a job of this node and makes durable what its ranks write. Watching is not running: nothing that happens to this
 * activity, not even its cancellation, touches the ranks.
 */
export const followRanks =
  (ports: { jobs: JobRunner; store: ObjectStore }) =>
  async ({ jobId, cursor }: FollowInput): Promise<FollowResult> => {
    const view = await ports.jobs.look(jobId);
    if (view === null)
      throw new Failure('NodeLost', `job ${jobId} was never started on this node, or the node was made anew`, { jobId });
    return new JobFollower(ports.jobs, ports.store, view, cursor).follow();
  };

class JobFollower {
  private readonly events: JobEvents;
  private readonly logs: LogShipper;
  private readonly shipper: EventShipper;
  private readonly publisher: CheckpointPublisher | null;
  private readonly duties: DutyQueue;
  /** What is being done with the store beside the watching: a store that hangs must not look like a follower that is lost. */
  private working: Promise<void> | null = null;
  private shipping: Promise<void> | null = null;
  private trouble: { error: unknown; what: string; since: number; retryAt: number } | null = null;
  private endedAt: number | null = null;
  private result: FollowResult | null = null;

  constructor(
    private readonly jobs: JobRunner,
    store: ObjectStore,
    private readonly view: JobView,
    cursor: FollowCursor,
  ) {
    const { spec } = view;
    this.events = new JobEvents(spec, cursor);
    this.logs = new LogShipper(store, jobs, spec);
    this.shipper = new EventShipper(store, jobs, spec);
    this.publisher = spec.publish === null ? null : new CheckpointPublisher(store, jobs.work, spec, spec.publish);
    this.duties = new DutyQueue(this.publisher?.isFirst === false ? KEPT_ON_OTHERS : KEPT_ON_FIRST);
  }

  async follow(): Promise<FollowResult> {
    const { cancellationSignal: signal } = Context.current();
    const { jobId } = this.view.spec;
    const end = Date.now() + HAND_BACK_MS;
    for (;;) {
      signal.throwIfAborted();
      const view = (await this.jobs.look(jobId)) as JobView;
      // Looked at before the events are read: what was written before the end is then read for certain.
      if (!view.alive) this.endedAt ??= Date.now();
      const told = this.events.take(await this.jobs.events(jobId, this.events.read));
      await this.passOver(this.duties.add(told));
      this.beat();
      // Nothing is left to go on beside the next follower.
      if (this.working === null && this.shipping === null) {
        if (this.result !== null) return this.result;
        if (this.endedAt === null && Date.now() > end)
          return { state: 'running', cursor: this.events.settled, progress: this.progress() };
        if (this.endedAt !== null) this.giveUp(this.endedAt);
      }
      this.work(signal);
      this.shipLogs();
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  private giveUp(endedAt: number): void {
    if (this.trouble !== null && Date.now() - Math.max(this.trouble.since, endedAt) > GIVE_UP_MS) throw this.trouble.error;
  }

  private beat(): void {
    // A copy: the worker encodes a beat when it sends it.
    const beat: FollowBeat = { cursor: { offsets: { ...this.events.settled.offsets } }, progress: this.progress() };
    Context.current().heartbeat(beat);
  }

  private progress(): FollowProgress {
    const { progress } = this.events;
    return { ...progress, trouble: this.troubleInWords() ?? progress.trouble };
  }

  private troubleInWords(): string | null {
    if (this.trouble === null) return null;
    const { error, what, since } = this.trouble;
    const seconds = Math.round((Date.now() - since) / 1000);
    return `${what} has not reached the store for ${seconds} s: ${error instanceof Error ? error.message : String(error)}`;
  }

  /** Does one thing after the other beside the watching; the cursor passes a thing when it is in the store. */
  private work(signal: AbortSignal): void {
    if (this.working !== null || this.result !== null || Date.now() < (this.trouble?.retryAt ?? 0)) return;
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
    const patienceMs = hasFailed ? FAILED_PEER_MS : this.view.spec.limits.checkpointSeconds * 1000;
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
    if (passedOver.length > 0)
      Context.current().log.warn('checkpoints were passed over for a newer one', { passedOver, step: duty.local.step });
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
    const { jobId } = this.view.spec;
    try {
      await this.shipping;
      // A supervisor that is gone without having told exits leaves ranks without anybody to account for them.
      await this.jobs.stop(jobId, 'now');
      await this.logs.ship({ now: true });
      await this.shipper.ship(this.events.settled, this.events.read);
      const view = (await this.jobs.look(jobId)) as JobView;
      this.result = {
        state: 'ended',
        exits: view.supervisor?.exits ?? [],
        results: [...this.events.results.values()],
        progress: this.progress(),
      };
    } catch (error) {
      this.meet(error, 'the end of logs and events');
    }
  }

  private meet(error: unknown, what: string): void {
    Context.current().log.warn('publishing failed', { what, err: error });
    this.trouble = { error, what, since: this.trouble?.since ?? Date.now(), retryAt: Date.now() + RETRY_MS };
  }

  private shipLogs(): void {
    // The last part is shipped with the last words: two at once would overlap.
    if (this.shipping !== null || this.endedAt !== null) return;
    this.shipping = this.logs
      .ship({ now: false })
      .catch((error: unknown) => {
        // Tried again with the next part; at the end of the job a failure counts.
        Context.current().log.warn('logs could not be shipped', { err: error });
      })
      .finally(() => {
        this.shipping = null;
      });
  }
}
