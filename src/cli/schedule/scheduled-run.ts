import type { Client } from '@temporalio/client';
import { runKeyOf } from '../../domain/names.js';
import type { ListedSchedule, ScheduledStart } from '../../domain/run-schedule.js';
import { knownRun } from '../../platform/control/open-runs.js';
import type { ObjectStore } from '../../platform/object-store/port.js';
import { listRun, type ListedRun } from '../list-run.js';
import { unclaimedRun } from '../unclaimed-run.js';

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
