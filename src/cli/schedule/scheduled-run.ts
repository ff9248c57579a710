import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Failure, named } from '../../domain/failures.js';
import { runKeyOf } from '../../domain/names.js';
import type { ListedSchedule, ScheduledStart } from '../../domain/run-schedule.js';
import { knownRun } from '../../platform/control/open-runs.js';
import type { ObjectStore } from '../../platform/object-store/port.js';
import { runEnd } from '../../platform/temporal/run-end.js';
import { listRun, type ListedRun } from '../list-run.js';

/** A run that a schedule has started, and what became of it. */
export interface ScheduledRun extends ListedRun {
  scheduledAt: string;
}

/** Newest first. */
export function scheduledRuns(client: Client, store: ObjectStore, { started }: ListedSchedule): Promise<ScheduledRun[]> {
  return Promise.all([...started].reverse().map((start) => scheduledRun(client, store, start)));
}

async function scheduledRun(client: Client, store: ObjectStore, start: ScheduledStart): Promise<ScheduledRun> {
  const { workflowId, scheduledAt } = start;
  const known = await knownRun(store, runKeyOf(workflowId));
  const listed = known.owner === null ? await unclaimedRun(client, start) : await listRun(client, known);
  // Those that name several fields have a line for each.
  return { ...listed, message: listed.message.replaceAll(/\s+/g, ' '), scheduledAt };
}

/** Of a run that was refused before it was claimed, as one whose data is gone, only the server knows. */
async function unclaimedRun(client: Client, { workflowId, startedAt }: ScheduledStart): Promise<ListedRun> {
  const handle = client.workflow.getHandle(workflowId);
  const runKey = runKeyOf(workflowId);
  try {
    const { status, closeTime } = await handle.describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED')
      return { runKey, state: 'unclaimed', since: startedAt, message: 'no execution has claimed it' };
    const since = closeTime?.toISOString() ?? startedAt;
    const { outcome: state, message } = await runEnd(handle).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      return { outcome: 'failed', message: named(error) };
    });
    return { runKey, state, since, message };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { runKey, state: 'unknown', since: startedAt, message: 'neither store nor server know it any more' };
  }
}
