import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { RUN_WORKFLOW, runWorkflowId } from '../../domain/names.js';
import { isNotFound } from './connection.js';

/** An execution of a run, by the server's index. */
export interface StartedRun {
  workflowId: string;
  startedAt: string;
}

/**
 * Runs that have come no further than their plan, newest first: refused before they were claimed, as one whose data is gone, they left
 * nothing in the store. Of a run that was started more than once the newest start. As far as the index has them.
 */
export async function unclaimedRuns(client: Client): Promise<StartedRun[]> {
  const query = `WorkflowType = "${RUN_WORKFLOW}" AND FormworkStage = "plan" AND ExecutionStatus IN ("Running", "Failed", "TimedOut", "Terminated")`;
  const newest = new Map<string, StartedRun>();
  for await (const { workflowId, startTime } of client.workflow.list({ query }))
    if (!newest.has(workflowId)) newest.set(workflowId, { workflowId, startedAt: startTime.toISOString() });
  return [...newest.values()];
}

/** The request that the newest execution of a run was started with, as it was given; null: the server does not know the run. */
export async function requestOnServer(client: Client, runKey: string): Promise<object | null> {
  try {
    const { events } = await client.workflow.getHandle(runWorkflowId(runKey)).fetchHistory();
    const [given] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    return given == null ? {} : (defaultPayloadConverter.fromPayload<object | undefined>(given) ?? {});
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
