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
/** Then the round may continue as new; see FOLLOW_TIMEOUTS in workflows/follow-job.ts. */
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
  private readonly settled: FollowCursor;
  private readonly logs: LogShipper;
  private readonly shipper: EventShipper;
  private readonly publisher: CheckpointPublisher | null;
  private readonly duties: Duty[] = [];
  private working: Promise<void> | null = null;
  private trouble: { error: unknown; since: number; retryAt: number } | null = null;
  private checkpointStep: number | null = null;
  private ended = false;

  constructor(
    private readonly jobs: JobRunner,
    store: ObjectStore,
    private readonly view: JobView,
    cursor: FollowCursor,
  ) {
    const { spec } = view;
    this.settled = { offsets: { ...cursor.offsets } };
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
      this.ended = !view.alive;
      this.duties.push(...this.events.take(await this.jobs.events(jobId, this.events.read)));
      this.beat();
      this.workOnDuties(signal);
      await this.shipLogs();
      if (this.ended && this.working === null && this.duties.length === 0) return this.finish();
      if (this.trouble !== null && this.ended && Date.now() - this.trouble.since > GIVE_UP_MS) throw this.trouble.error;
      if (!this.ended && Date.now() > end) return { state: 'running', cursor: this.settled };
      await delay(LOOK_MS, undefined, { signal });
    }
  }

  private async finish(): Promise<FollowResult> {
    const { jobId } = this.view.spec;
    // A supervisor that is gone without having told exits leaves ranks without anybody to account for them.
    await this.jobs.stop(jobId, 'now');
    await this.logs.ship({ now: true });
    await this.shipper.ship(this.settled, this.events.read);
    const view = (await this.jobs.look(jobId)) as JobView;
    return { state: 'ended', exits: view.supervisor?.exits ?? [], results: [...this.events.results.values()] };
  }

  private beat(): void {
    const { progress } = this.events;
    const beat: FollowBeat = { cursor: this.settled, progress: { ...progress, checkpointStep: this.checkpointStep } };
    Context.current().heartbeat(beat);
  }

  /** Publishes one thing after the other beside the watching; the cursor passes a thing when it is in the store. */
  private workOnDuties(signal: AbortSignal): void {
    const duty = this.duties[0];
    if (duty === undefined || this.working !== null || Date.now() < (this.trouble?.retryAt ?? 0)) return;
    this.working = this.fulfil(duty, signal)
      .then(() => {
        this.duties.shift();
        this.trouble = null;
        for (const [rank, offset] of duty.ends) this.settled.offsets[String(rank)] = offset;
      })
      .catch((error: unknown) => {
        Context.current().log.warn('publishing failed', { kind: duty.kind, step: duty.local.step, err: error });
        if (error instanceof Failure && error.kind === 'CheckpointIncomplete') {
          // It will never be whole: the one before it counts, and the next one is not held up.
          this.duties.shift();
          return;
        }
        this.trouble = { error, since: this.trouble?.since ?? Date.now(), retryAt: Date.now() + RETRY_MS };
      })
      .finally(() => {
        this.working = null;
      });
  }

  private async fulfil(duty: Duty, signal: AbortSignal): Promise<void> {
    if (this.publisher === null) return;
    // The cursor passes what is shipped, so events go before whatever they tell of.
    await this.shipper.ship(this.settled, {
      offsets: Object.fromEntries([...duty.ends].map(([rank, end]) => [String(rank), end])),
    });
    if (duty.kind === 'snapshot') return this.publisher.publishSnapshot(duty.local, signal);
    await this.publisher.publishCheckpoint(duty.local, signal, () => this.ended && this.failed());
    this.checkpointStep = duty.local.step;
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
