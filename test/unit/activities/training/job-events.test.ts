import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JobEvents, type Duty } from '../../../../activities/training/job-events.js';
import type { RunnerEvent } from '../../../../src/contract/runner-event.js';
import type { PlacedEvent } from '../../../../src/platform/runner/job-folder.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';

const LINE = 10;
/** A file of events, each of ten bytes. */
const placed = (events: readonly RunnerEvent[]): PlacedEvent[] =>
  events.map((event, index) => ({ event, end: (index + 1) * LINE }));
const checkpoint = (rank: number, step: number): RunnerEvent => runnerEvent('checkpoint', { rank, step });
const name = ({ kind, local }: Duty): string => `${kind} ${local.step}`;
const reader = (offsets: Record<string, number> = {}): JobEvents => new JobEvents(trainJob(), { offsets });

/** Two ranks that write a checkpoint at each of these steps; rank 0 weights in between. */
const files = (steps: readonly number[]): RunnerEvent[][] => [
  steps.flatMap((step) => [checkpoint(0, step), runnerEvent('snapshot', { step, epoch: step })]),
  steps.flatMap((step) => [runnerEvent('phase', { rank: 1, phase: 'checkpoint' }), checkpoint(1, step)]),
];

describe('what has to be published', () => {
  test('lists a checkpoint with the files of all ranks by rank, whichever was read first', () => {
    const file = (rank: number) => ({ path: `rank-${rank}`, bytes: 1, sha256: 'a' });
    const told = (rank: number): RunnerEvent => runnerEvent('checkpoint', { rank, step: 2, files: [file(rank)] });
    const events = reader();
    expect(events.take(new Map([[1, placed([told(1)])]]))).toEqual([]);
    const [duty] = events.take(new Map([[0, placed([told(0)])]]));
    expect(duty?.local).toMatchObject({ step: 2, ranks: [0, 1], files: [file(0), file(1)] });
  });

  test('is not what lies before the cursor; results and progress are read from the front all the same', () => {
    const events = reader({ '0': 3 * LINE, '1': LINE });
    const duties = events.take(
      new Map([
        [0, placed([runnerEvent('planned', { total_steps: 6 }), runnerEvent('step', { step: 2 }), checkpoint(0, 2)])],
        [1, placed([checkpoint(1, 2)])],
      ]),
    );
    expect(duties).toEqual([]);
    expect([...events.results.keys()]).toEqual(['planned']);
    expect(events.progress).toMatchObject({ done: 2, total: 6, checkpointStep: 2 });
  });

  test('is all done in the end, and the cursor at the end of the files, however they are read in pieces and followers are lost', () => {
    const steps = fc.integer({ min: 1, max: 5 }).map((count) => Array.from({ length: count }, (_, index) => (index + 1) * 2));
    const act = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('read' as const),
          rank: fc.nat({ max: 1 }),
          lines: fc.integer({ min: 1, max: 4 }),
        }),
      },
      { weight: 3, arbitrary: fc.constant({ kind: 'settle' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'lose' as const }) },
    );
    fc.assert(
      fc.property(steps, fc.array(act, { maxLength: 40 }), (all, acts) => {
        const written = files(all).map(placed);
        const shown = [0, 0];
        const done: string[] = [];
        let events = reader();
        let open: Duty[] = [];
        const read = (): void => {
          const found = written.map((file, rank): [number, PlacedEvent[]] => {
            const from = (events.read.offsets[String(rank)] ?? 0) / LINE;
            return [rank, file.slice(from, shown[rank])];
          });
          open.push(...events.take(new Map(found)));
        };
        const settle = (): void => {
          const duty = open.shift();
          if (duty === undefined) return;
          done.push(name(duty));
          events.settle(duty, true);
        };
        for (const one of acts) {
          if (one.kind === 'read') {
            shown[one.rank] = Math.min((shown[one.rank] as number) + one.lines, (written[one.rank] as PlacedEvent[]).length);
            read();
          }
          if (one.kind === 'settle') settle();
          if (one.kind === 'lose') {
            // The next one has the cursor and nothing else.
            events = reader(events.settled.offsets);
            open = [];
            read();
          }
        }
        written.forEach((file, rank) => (shown[rank] = file.length));
        read();
        while (open.length > 0) settle();
        // What a lost follower had done ahead of its cursor is done again; publishing it twice is the same.
        expect([...new Set(done)].sort()).toEqual(all.flatMap((step) => [`checkpoint ${step}`, `snapshot ${step}`]).sort());
        expect(events.settled.offsets).toEqual(Object.fromEntries(written.map((file, rank) => [String(rank), file.length * LINE])));
        expect(events.progress.checkpointStep).toBe(all.at(-1));
      }),
    );
  });
});
