import type { ListedSchedule } from '../../src/domain/run-schedule.js';
import type { RunSchedules } from '../../src/platform/temporal/run-schedules.js';

/** Schedules of runs that a test has put there. */
export class FakeRunSchedules implements RunSchedules {
  readonly all = new Map<string, ListedSchedule>();

  /** @param note what the server, or a person, has noted when it was paused; null: it is not. */
  put(name: string, note: string | null): void {
    const times = { cron: ['0 2 * * *'], intervals: [], timeZone: 'UTC', jitterSeconds: 0 };
    this.all.set(name, { name, times, paused: note !== null, note: note ?? '', next: [], started: [] });
  }

  list(): Promise<ListedSchedule[]> {
    return Promise.resolve([...this.all.values()]);
  }

  resume(name: string, note: string): Promise<void> {
    const found = this.all.get(name);
    if (found === undefined) return Promise.reject(new Error(`no schedule ${name}`));
    this.all.set(name, { ...found, paused: false, note });
    return Promise.resolve();
  }
}
