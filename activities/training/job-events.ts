import type { FollowCursor, JobSpec } from '../../src/contract/job.js';
import type { RunnerEvent, RunnerEventOf } from '../../src/contract/runner-event.js';
import { foldProgress, noProgress, type Progress } from '../../src/domain/progress.js';
import type { PlacedEvent } from '../../src/platform/runner/job-folder.js';
import type { LocalCheckpoint, LocalSnapshot } from './checkpoint-publisher.js';

/** Something that has to be in the store before the cursor may pass it. */
export type Duty =
  | { kind: 'checkpoint'; local: LocalCheckpoint; ends: Map<number, number>; passedOver: CheckpointDuty[] }
  | { kind: 'snapshot'; local: LocalSnapshot; ends: Map<number, number> };

/** With those that gave way to it while they waited: the cursor passes them together. */
type CheckpointDuty = Extract<Duty, { kind: 'checkpoint' }>;

/** Events whose newest one of each kind is handed on as a result. */
const RESULTS = new Set(['described', 'initialised', 'tokenised', 'planned', 'exported', 'finished', 'interrupted']);

/** What a follower has understood of the events of its node's ranks. */
export class JobEvents {
  progress: Progress = noProgress;
  readonly results = new Map<string, RunnerEvent>();
  /** How far each rank's file has been read. Each follower begins at the front: totals and results are there. */
  readonly read: FollowCursor = { offsets: {} };
  /** Where the next follower may begin with its duties: what lies before is in the store, or given up. */
  readonly settled: FollowCursor;
  private readonly waiting = new Map<number, { event: RunnerEventOf<'checkpoint'>; end: number }[]>();
  /** Of each rank the ends of events that are a duty, in the order of its file, until they and all before them are done. */
  private readonly open = new Map<number, { end: number; isDone: boolean }[]>();

  constructor(
    private readonly spec: JobSpec,
    /** What followers before this one have settled is not a duty any more. */
    cursor: FollowCursor,
  ) {
    this.settled = { offsets: { ...cursor.offsets } };
  }

  /** Takes new events; gives what has to be published because of them, in order. */
  take(found: ReadonlyMap<number, readonly PlacedEvent[]>): Duty[] {
    const duties: Duty[] = [];
    for (const [rank, placed] of found) {
      for (const { event, end } of placed) {
        this.read.offsets[String(rank)] = end;
        this.progress = foldProgress(this.progress, event);
        if (RESULTS.has(event.kind)) this.results.set(event.kind, event);
        const isSettled = end <= (this.settled.offsets[String(rank)] ?? 0);
        if (event.kind === 'checkpoint' && event.skipped !== null) continue;
        if (event.kind === 'checkpoint' && isSettled) this.published(event.step);
        if (isSettled || (event.kind !== 'snapshot' && event.kind !== 'checkpoint')) continue;
        this.open.set(rank, [...(this.open.get(rank) ?? []), { end, isDone: false }]);
        if (event.kind === 'snapshot') duties.push({ kind: 'snapshot', local: event, ends: new Map([[rank, end]]) });
        else duties.push(...this.checkpointOf(event, end));
      }
    }
    return duties;
  }

  /** A duty is done, or given up. Duties of several ranks end out of order: the cursor waits for those before. */
  settle(duty: Duty, isPublished: boolean): void {
    if (duty.kind === 'checkpoint') {
      for (const older of duty.passedOver) this.pass(older.ends);
      if (isPublished) this.published(duty.local.step);
    }
    this.pass(duty.ends);
  }

  private pass(ends: Duty['ends']): void {
    for (const [rank, end] of ends) {
      const open = this.open.get(rank) ?? [];
      for (const place of open) if (place.end === end) place.isDone = true;
      for (let first = open[0]; first?.isDone === true; [first] = open) {
        this.settled.offsets[String(rank)] = first.end;
        open.shift();
      }
    }
  }

  private published(step: number): void {
    this.progress = { ...this.progress, checkpointStep: Math.max(step, this.progress.checkpointStep ?? 0) };
  }

  /** A checkpoint of this node is whole when each of its ranks has told of its files. */
  private checkpointOf(event: RunnerEventOf<'checkpoint'>, end: number): Duty[] {
    // By rank, so that the list of files is the same whichever rank was read first.
    const told = [...(this.waiting.get(event.step) ?? []), { event, end }].sort((a, b) => a.event.rank - b.event.rank);
    this.waiting.set(event.step, told);
    if (told.length < this.spec.ranks.count) return [];
    this.waiting.delete(event.step);
    const local: LocalCheckpoint = {
      step: event.step,
      folder: event.folder,
      ranks: told.map((one) => one.event.rank),
      files: told.flatMap((one) => one.event.files),
      writtenAt: told.map((one) => one.event.time).reduce((latest, time) => (time > latest ? time : latest)),
    };
    return [{ kind: 'checkpoint', local, ends: new Map(told.map((one) => [one.event.rank, one.end])), passedOver: [] }];
  }
}
