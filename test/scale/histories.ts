import type { Client } from '@temporalio/client';
import type proto from '@temporalio/proto';
import { CONTROL_QUEUE, RUN_WORKFLOW, runWorkflowId } from '../../src/domain/names.js';
import { WARM_UP_ID } from './installation.js';
import { quantilesOf, type Quantiles } from './quantiles.js';
import type { Trial } from './result.js';

type Event = proto.temporal.api.history.v1.IHistoryEvent;
type Time = Event['eventTime'];

/** Length and size of every history that the server has, by workflow type. */
export async function sizesOfHistories(client: Client): Promise<Trial['histories']> {
  const byType = new Map<string, { events: number[]; kib: number[] }>();
  for await (const { type, workflowId, historyLength, historySize } of client.workflow.list()) {
    if (workflowId === WARM_UP_ID) continue;
    const sizes = byType.get(type) ?? { events: [], kib: [] };
    sizes.events.push(historyLength);
    sizes.kib.push((historySize ?? 0) / 1024);
    byType.set(type, sizes);
  }
  return [...byType]
    .map(([type, { events, kib }]) => ({
      type,
      count: events.length,
      events: need(quantilesOf(events)),
      kib: need(quantilesOf(kib)),
    }))
    .sort((a, b) => a.type.localeCompare(b.type));
}

/** What was waited for, and what went wrong, by the histories of these runs and of all that they started. */
export async function readWaits(
  client: Client,
  runKeys: readonly string[],
): Promise<Pick<Trial, 'firstTask' | 'workflowTask' | 'controlActivity' | 'troubles'>> {
  const waits = { first: [] as number[], tasks: [] as number[], activities: [] as number[] };
  const troubles = { runs: runKeys.length, activityTimeouts: 0, activityRetries: 0, workflowTaskTimeouts: 0 };
  for (const runKey of runKeys) {
    const query = `WorkflowId STARTS_WITH "${runWorkflowId(runKey)}"`;
    for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
      const isOfRun = workflowId === runWorkflowId(runKey) || workflowId.startsWith(`${runWorkflowId(runKey)}/`);
      if (!isOfRun) continue;
      const events = (await client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [];
      take(events, type === RUN_WORKFLOW, waits, troubles);
    }
  }
  return {
    firstTask: need(quantilesOf(waits.first)),
    workflowTask: need(quantilesOf(waits.tasks)),
    controlActivity: need(quantilesOf(waits.activities)),
    troubles,
  };
}

function take(
  events: readonly Event[],
  isRun: boolean,
  waits: { first: number[]; tasks: number[]; activities: number[] },
  troubles: Trial['troubles'],
): void {
  const scheduled = new Map(events.map((event) => [String(event.eventId), event]));
  const waited = (event: Event, from: unknown): number =>
    seconds(event.eventTime) - seconds(scheduled.get(String(from))?.eventTime);
  let tasks = 0;
  for (const event of events) {
    const task = event.workflowTaskStartedEventAttributes;
    if (task) {
      const wait = waited(event, task.scheduledEventId);
      tasks += 1;
      waits.tasks.push(wait);
      if (isRun && tasks === 1) waits.first.push(wait);
    }
    const activity = event.activityTaskStartedEventAttributes;
    if (activity) {
      const asked = scheduled.get(String(activity.scheduledEventId))?.activityTaskScheduledEventAttributes;
      if ((activity.attempt ?? 1) > 1) troubles.activityRetries += 1;
      // Of a later attempt the wait before it is part of its pause.
      else if (asked?.taskQueue?.name === CONTROL_QUEUE) waits.activities.push(waited(event, activity.scheduledEventId));
    }
    if (event.activityTaskTimedOutEventAttributes) troubles.activityTimeouts += 1;
    // A sticky task that its worker did not take in time is handed to any: no trouble of its own, but a wait.
    if (event.workflowTaskTimedOutEventAttributes) troubles.workflowTaskTimeouts += 1;
  }
}

const seconds = (time: Time): number => Number(time?.seconds ?? 0) + (time?.nanos ?? 0) / 1e9;

function need(quantiles: Quantiles | null): Quantiles {
  if (quantiles === null) throw new Error('the server has no history to measure');
  return quantiles;
}
