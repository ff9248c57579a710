import type { FollowCursor, JobSpec } from '../../src/contract/job.js';
import type { RunnerEvent, RunnerEventOf } from '../../src/contract/runner-event.js';
import { foldProgress, noProgress, type Progress } from '../../src/domain/progress.js';
import type { PlacedEvent } from '../../src/platform/runner/job-folder.js';
import type { LocalCheckpoint, LocalSnapshot } from './checkpoint-publisher.js';

/** Something that has to be in the store before the cursor may pass it. */
export type Duty =
  | { kind: 'checkpoint'; local: LocalCheckpoint; ends: Map<number, number> }
  | { kind: 'snapshot'; local: LocalSnapshot; ends: Map<number, number> };

/** Events whose newest one of each kind is handed on as a result. */
const RESULTS = new Set(['described', 'initialised', 'tokenised', 'planned', 'exported', 'finished', 'interrupted']);

/** What a follower has understood of the events of its node's ranks. */
export class JobEvents {
  progress: Progress = noProgress;
  readonly results = new Map<string, RunnerEvent>();
  private readonly waiting = new Map<number, { event: RunnerEventOf<'checkpoint'>; end: number }[]>();

  /** How far each rank's file has been read. Each follower begins at the front: totals and results are there. */
  readonly read: FollowCursor = { offsets: {} };

  constructor(
    private readonly spec: JobSpec,
    /** What followers before this one have settled is not a duty any more. */
    private readonly settled: FollowCursor,
  ) {}

  /** Takes new events; gives what has to be published because of them, in order. */
  take(found: ReadonlyMap<number, readonly PlacedEvent[]>): Duty[] {
    const duties: Duty[] = [];
    for (const [rank, placed] of found) {
      for (const { event, end } of placed) {
        this.read.offsets[String(rank)] = end;
        this.progress = foldProgress(this.progress, event);
        if (RESULTS.has(event.kind)) this.results.set(event.kind, event);
        if (end <= (this.settled.offsets[String(rank)] ?? 0)) continue;
        if (event.kind === 'snapshot') duties.push({ kind: 'snapshot', local: event, ends: new Map([[rank, end]]) });
        if (event.kind === 'checkpoint') duties.push(...this.checkpointOf(event, end));
      }
    }
    return duties;
  }

  /** A checkpoint of this node is whole when each of its ranks has told of its files. */
  private checkpointOf(event: RunnerEventOf<'checkpoint'>, end: number): Duty[] {
    const told = [...(this.waiting.get(event.step) ?? []), { event, end }];
    this.waiting.set(event.step, told);
    if (told.length < this.spec.ranks.count) return [];
    this.waiting.delete(event.step);
    const local: LocalCheckpoint = {
      step: event.step,
      folder: event.folder,
      ranks: told.map((one) => one.event.rank).sort((a, b) => a - b),
      files: told.flatMap((one) => one.event.files),
    };
    return [{ kind: 'checkpoint', local, ends: new Map(told.map((one) => [one.event.rank, one.end])) }];
  }
}
