import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { LogShipper } from '../../../../activities/training/log-shipper.js';
import type { JobSpec } from '../../../../src/contract/job.js';
import { Failure } from '../../../../src/domain/failures.js';
import { FakeJobRunner } from '../../../fakes/fake-job-runner.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

let jobs = 0;
const start = async (runner: FakeJobRunner): Promise<JobSpec> => {
  const spec = trainJob({ jobId: `job-${(jobs += 1)}` });
  await runner.start(spec);
  return spec;
};
const partsOf = (store: InMemoryObjectStore, spec: JobSpec, rank: number): string[] =>
  store.keys(`${spec.storePrefix}/logs/rank-${rank}/`).map((key) => store.need(key).toString('utf8'));

describe('logs in the store', () => {
  test('join to the file, byte for byte, however they grow, and whenever the store fails or another follower takes over', async () => {
    const runner = new FakeJobRunner(temporaryFolder());
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => ({ kind: 'print' as const, text })) },
      { weight: 2, arbitrary: fc.constant({ kind: 'ship' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'fail' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'takeOver' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 20 }), async (acts) => {
        const store = new InMemoryObjectStore();
        const spec = await start(runner);
        let shipper = new LogShipper(store, runner, spec);
        let written = '';
        for (const one of acts) {
          if (one.kind === 'print') {
            written += one.text;
            await runner.print(spec.jobId, 1, one.text);
          }
          if (one.kind === 'ship') await shipper.ship({ now: true });
          if (one.kind === 'fail') {
            store.failWith(new Failure('StoreUnavailable', 'away'));
            await Promise.allSettled([shipper.ship({ now: true })]);
            store.mend();
          }
          if (one.kind === 'takeOver') shipper = new LogShipper(store, runner, spec);
        }
        await shipper.ship({ now: true });
        expect(partsOf(store, spec, 1).join('')).toBe(written);
        expect(partsOf(store, spec, 0)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test('come every five seconds while a job runs, at once at its end', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const runner = new FakeJobRunner(temporaryFolder());
      const store = new InMemoryObjectStore();
      const spec = await start(runner);
      const shipper = new LogShipper(store, runner, spec);
      const step = async (text: string, options = { now: false }): Promise<string[]> => {
        await runner.print(spec.jobId, 0, text);
        await shipper.ship(options);
        return partsOf(store, spec, 0);
      };
      expect(await step('a')).toEqual(['a']);
      vi.setSystemTime(Date.now() + 4_999);
      expect(await step('b')).toEqual(['a']);
      vi.setSystemTime(Date.now() + 1);
      expect(await step('c')).toEqual(['a', 'bc']);
      expect(await step('d', { now: true })).toEqual(['a', 'bc', 'd']);
    } finally {
      vi.useRealTimers();
    }
  });
});
