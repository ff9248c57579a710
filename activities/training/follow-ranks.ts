import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { FollowBeat, FollowCursor, FollowResult } from '../../src/contract/job.js';
import { Failure } from '../../src/domain/failures.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner, JobView } from '../../src/platform/runner/port.js';
import { CheckpointPublisher } from './checkpoint-publisher.js';
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
  private readonly duties: Duty[] = [];
  private working: Promise<void> | null = null;
  private trouble: { error: unknown; since: number; retryAt: number } | null = null;
  private endedAt: number | null = null;

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
      this.duties.push(...this.events.take(await this.jobs.events(jobId, this.events.read)));
      this.beat();
      this.workOnDuties(signal);
      await this.shipLogs();
      // Nothing is left to go on beside the next follower.
      if (this.working === null) {
        const result = this.endedAt === null ? this.handBack(end) : await this.finish(this.endedAt);
        if (result !== null) return result;
      }
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  private handBack(end: number): FollowResult | null {
    return Date.now() > end ? { state: 'running', cursor: this.events.settled, progress: this.events.progress } : null;
  }

  /** The last words of a job, once all it made is in the store; null: not yet. */
  private async finish(endedAt: number): Promise<FollowResult | null> {
    const { jobId } = this.view.spec;
    if (this.trouble !== null && Date.now() - Math.max(this.trouble.since, endedAt) > GIVE_UP_MS) throw this.trouble.error;
    if (this.duties.length > 0 || !this.mayTry()) return null;
    // A supervisor that is gone without having told exits leaves ranks without anybody to account for them.
    await this.jobs.stop(jobId, 'now');
    try {
      await this.logs.ship({ now: true });
      await this.shipper.ship(this.events.settled, this.events.read);
    } catch (error) {
      this.meet(error, 'logs and events');
      return null;
    }
    const view = (await this.jobs.look(jobId)) as JobView;
    return {
      state: 'ended',
      exits: view.supervisor?.exits ?? [],
      results: [...this.events.results.values()],
      progress: this.events.progress,
    };
  }

  private beat(): void {
    const { progress, settled } = this.events;
    // A copy: the worker encodes a beat when it sends it.
    const beat: FollowBeat = { cursor: { offsets: { ...settled.offsets } }, progress };
    Context.current().heartbeat(beat);
  }

  /** Publishes one thing after the other beside the watching; the cursor passes a thing when it is in the store. */
  private workOnDuties(signal: AbortSignal): void {
    const duty = this.duties[0];
    if (duty === undefined || this.working !== null || !this.mayTry()) return;
    this.working = this.fulfil(duty, signal)
      .then(() => this.close(duty, true))
      .catch((error: unknown) => {
        this.meet(error, `${duty.kind} of step ${duty.local.step}`);
        // It will never be whole: the one before it counts, and the next one is not held up.
        if (error instanceof Failure && error.kind === 'CheckpointIncomplete') this.close(duty, false);
      })
      .finally(() => {
        this.working = null;
      });
  }

  private close(duty: Duty, isPublished: boolean): void {
    this.duties.shift();
    this.trouble = null;
    this.events.settle(duty, isPublished);
  }

  private meet(error: unknown, what: string): void {
    Context.current().log.warn('publishing failed', { what, err: error });
    this.trouble = { error, since: this.trouble?.since ?? Date.now(), retryAt: Date.now() + RETRY_MS };
  }

  private mayTry(): boolean {
    return Date.now() >= (this.trouble?.retryAt ?? 0);
  }

  private async fulfil(duty: Duty, signal: AbortSignal): Promise<void> {
    if (this.publisher === null) return;
    // The cursor passes what is shipped, so events go before whatever they tell of.
    await this.shipper.ship(this.events.settled, {
      offsets: Object.fromEntries([...duty.ends].map(([rank, end]) => [String(rank), end])),
    });
    if (duty.kind === 'snapshot') return this.publisher.publishSnapshot(duty.local, signal);
    await this.publisher.publishCheckpoint(duty.local, signal, () => this.endedAt !== null && this.failed());
  }

  private failed(): boolean {
    return !this.events.results.has('finished') && !this.events.results.has('interrupted');
  }

  private async shipLogs(): Promise<void> {
    try {
      await this.logs.ship({ now: false });
    } catch (error) {
      // Tried again with the next part; at the end of the job a failure counts.
      Context.current().log.warn('logs could not be shipped', { err: error });
    }
  }
}
