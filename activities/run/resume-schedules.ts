import { RunEnded } from '../../src/contract/run.js';
import { Failure } from '../../src/domain/failures.js';
import { runKeyOf } from '../../src/domain/names.js';
import { pausedBy } from '../../src/domain/run-schedule.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';
import type { RunSchedules } from '../../src/platform/temporal/run-schedules.js';
import { readRecord } from '../storage/records.js';

interface Ports {
  store: ObjectStore;
  runs: RunDirectory;
  schedules: RunSchedules;
}

/**
 * Lets schedules go on that a failed run has paused, once that run has completed after all. Until then they stay paused: its next
 * execution is none that the schedule has started, so its overlap policy would not see it. Those that a person has paused stay so.
 */
export async function resumeSchedules({ store, runs, schedules }: Ports): Promise<{ schedule: string; runKey: string }[]> {
  const resumed: { schedule: string; runKey: string }[] = [];
  for (const listed of await schedules.list()) {
    const workflowId = pausedBy(listed);
    if (workflowId === null) continue;
    const runKey = runKeyOf(workflowId);
    const ended = await readRecord(store, runKeys.ended(runKey), RunEnded).catch((error: unknown) => {
      // A record of one that cannot be read must not keep the others paused.
      if (error instanceof Failure && error.kind === 'InvalidData') return null;
      throw error;
    });
    if (ended?.outcome !== 'completed') continue;
    const newest = await runs.endOf(workflowId);
    // What has completed before it failed, as a run that was started once more, is no news.
    const isNews = newest !== null && (newest.how === 'completed' || Date.parse(newest.at) < Date.parse(ended.endedAt));
    if (!isNews) continue;
    await schedules.resume(listed.name, `goes on: run ${runKey}, which had failed, has completed`);
    resumed.push({ schedule: listed.name, runKey });
  }
  return resumed;
}
