import { describe, expect, test } from 'vitest';
import { endRun } from '../../../../activities/run/end-run.js';
import { resumeSchedules } from '../../../../activities/run/resume-schedules.js';
import type { WorkflowEnd } from '../../../../src/domain/recovery.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { FakeRunSchedules } from '../../../fakes/fake-run-schedules.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';

const KEY = 'nightly-2026-11-24T01:00:00Z';
const FAILED = `paused due to workflow failure: run/${KEY}: from the test`;

class Site {
  readonly store = new InMemoryObjectStore();
  readonly schedules = new FakeRunSchedules();
  readonly runs = new FakeRunDirectory();

  constructor() {
    this.closed('failed', -60_000);
  }

  /** How the newest execution of the workflow whose failure has paused the schedule ended, and when. */
  closed(how: WorkflowEnd['how'], afterMs: number): void {
    const at = new Date(Date.now() + afterMs).toISOString();
    this.runs.ends.set(`run/${KEY}`, { how, at, failure: how === 'failed' ? 'StoreUnavailable' : null });
  }

  async end(outcome: 'completed' | 'failed' | 'interrupted'): Promise<void> {
    await endRun(this)({ runKey: KEY, fence: 1, outcome, message: '' });
  }
}

describe('a schedule that is paused', () => {
  test('by a failure goes on once that run has completed, and says why', async () => {
    const site = new Site();
    site.schedules.put('nightly', FAILED);
    await site.end('completed');
    expect(await resumeSchedules(site)).toEqual([{ schedule: 'nightly', runKey: KEY }]);
    expect(site.schedules.all.get('nightly')).toMatchObject({
      paused: false,
      note: `goes on: run ${KEY}, which had failed, has completed`,
    });
    expect(await resumeSchedules(site)).toEqual([]);
  });

  test('by a failure goes on when that very workflow has completed since', async () => {
    const site = new Site();
    site.schedules.put('nightly', FAILED);
    await site.end('completed');
    site.closed('completed', 1000);
    expect(await resumeSchedules(site)).toEqual([{ schedule: 'nightly', runKey: KEY }]);
  });

  test('by a failure that came after the run had completed once stays so, as does one of which the server knows nothing', async () => {
    const site = new Site();
    site.schedules.put('nightly', FAILED);
    await site.end('completed');
    site.closed('failed', 60_000);
    expect(await resumeSchedules(site)).toEqual([]);
    site.runs.ends.clear();
    expect(await resumeSchedules(site)).toEqual([]);
  });

  test('by a failure stays so while the run has no end, another end, or one that cannot be read', async () => {
    const site = new Site();
    site.schedules.put('nightly', FAILED);
    expect(await resumeSchedules(site)).toEqual([]);
    await site.end('failed');
    expect(await resumeSchedules(site)).toEqual([]);
    await site.end('interrupted');
    expect(await resumeSchedules(site)).toEqual([]);
    await site.store.put(runKeys.ended(KEY), 'torn');
    expect(await resumeSchedules(site)).toEqual([]);
  });

  test('by a person stays so, whatever has completed', async () => {
    const site = new Site();
    site.schedules.put('nightly', 'no GPU before Monday');
    await site.end('completed');
    expect(await resumeSchedules(site)).toEqual([]);
    expect(site.schedules.all.get('nightly')?.paused).toBe(true);
  });
});
