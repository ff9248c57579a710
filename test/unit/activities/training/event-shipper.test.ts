import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTrainingStory } from '../../../../activities/report/training-story.js';
import { EventShipper } from '../../../../activities/training/event-shipper.js';
import { readTraining } from '../../../../activities/training/training-record.js';
import type { RunnerEvent } from '../../../../src/contract/runner-event.js';
import { JobFolder } from '../../../../src/platform/runner/job-folder.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { failure } from '../../../fixtures/failure.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { runnerEvent } from '../../../fixtures/runner-events.js';
import { ROUND, RUN_KEY, StoredRun } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

const steps = (count: number): RunnerEvent[] =>
  // Lines of different lengths, and of more bytes than letters.
  Array.from({ length: count }, (_, index) =>
    index % 4 === 3
      ? runnerEvent('failed', { message: 'é'.repeat(index) })
      : runnerEvent('step', { step: index + 1, loss: 1 / (index + 1) }),
  );
const places = (max: number): fc.Arbitrary<number> => fc.nat({ max });

/** What followers do with the events of one rank: ship up to a duty's end, or die and begin at an older cursor again. */
type Move = { kind: 'ship'; upTo: number } | { kind: 'die'; backTo: number };
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: places(30).map((upTo): Move => ({ kind: 'ship', upTo })) },
  { weight: 1, arbitrary: places(30).map((backTo): Move => ({ kind: 'die', backTo })) },
);

let jobs = 0;

/** A store with the events of one rank of trajectory 0, brought there by those moves. */
async function shipped(run: StoredRun, runner: FakeJobRunner, events: RunnerEvent[], moves: readonly Move[]): Promise<void> {
  const spec = trainJob({ jobId: `job-${(jobs += 1)}`, storePrefix: `${ROUND}/trajectories/0/node-0` });
  await runner.start(spec);
  await runner.tell(spec.jobId, ...events);
  const ends = [0, ...(await new JobFolder(runner.work, spec.jobId).events(0, 0)).map(({ end }) => end)];
  const at = (place: number): number => ends[Math.min(place, ends.length - 1)] as number;
  const shipper = new EventShipper(run.store, runner, spec);
  let settled = 0;
  const all: Move[] = [...moves, { kind: 'ship', upTo: events.length }];
  for (const one of all) {
    if (one.kind === 'die') settled = Math.min(settled, at(one.backTo));
    else {
      await shipper.ship({ offsets: { '0': settled } }, { offsets: { '0': at(one.upTo) } });
      settled = Math.max(settled, at(one.upTo));
    }
  }
}

describe('events in the store', () => {
  test('are those of the file, however often followers died and wherever parts were cut', async () => {
    const runner = new FakeJobRunner(temporaryFolder());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.array(move, { maxLength: 12 }), async (count, moves) => {
        const run = new StoredRun();
        run.trajectory(0);
        const events = steps(count);
        await shipped(run, runner, events, moves);
        const story = await readTrainingStory(run.store, RUN_KEY, '0', await readTraining(run.store, ROUND));
        const told = events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
        expect(story.loss.map(({ step }) => step)).toEqual(told);
        expect(story.training.numTokens).toBe(told.length * 4096);
      }),
      { numRuns: 40 },
    );
  });

  test('of which a part is missing are an error, not a shorter curve', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    await shipped(run, new FakeJobRunner(temporaryFolder()), steps(9), [
      { kind: 'ship', upTo: 3 },
      { kind: 'ship', upTo: 6 },
    ]);
    const parts = run.store.keys(`${ROUND}/trajectories/0/node-0/events/`);
    expect(parts).toHaveLength(3);
    run.store.objects.delete(parts[1] ?? '');
    const record = await readTraining(run.store, ROUND);
    await expect(readTrainingStory(run.store, RUN_KEY, '0', record)).rejects.toEqual(
      failure('InvalidData', /events \d+ to \d+ of .*rank-0\/ are not in the store/),
    );
  });

  test('shipped twice are the same parts', async () => {
    const store = new InMemoryObjectStore();
    const runner = new FakeJobRunner(temporaryFolder());
    const spec = trainJob();
    await runner.start(spec);
    await runner.tell(spec.jobId, runnerEvent('started'), runnerEvent('started', { rank: 1 }));
    const end = (await runner.events(spec.jobId, { offsets: {} })).get(1)?.[0]?.end ?? 0;
    const shipper = new EventShipper(store, runner, spec);
    await shipper.ship({ offsets: {} }, { offsets: { '0': end, '1': end } });
    // The rank goes on in between.
    appendFileSync(join(runner.work, 'jobs', spec.jobId, 'events', 'rank-1.jsonl'), '{"kind":"fin');
    const before = new Map(store.objects);
    await shipper.ship({ offsets: {} }, { offsets: { '0': end, '1': end } });
    expect(store.objects).toEqual(before);
    expect(store.keys()).toEqual(
      [0, 1].map((rank) => `${spec.storePrefix}/events/rank-${rank}/000000000000-${String(end).padStart(12, '0')}`),
    );
  });
});
