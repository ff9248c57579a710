import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { FineTuningRequest } from '../contract/request.js';
import { CONTROL_QUEUE, runWorkflowId } from '../domain/names.js';

/** Starts an execution of a run, or finds one that is open. */
export async function startRun(
  client: Client,
  runKey: string,
  request: FineTuningRequest,
): Promise<{ workflowId: string; wasOpen: boolean }> {
  const workflowId = runWorkflowId(runKey);
  try {
    await client.workflow.start('fineTuningRun', {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      // A closed execution of the same key is gone on from; an open one is not disturbed.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${request.task}, ${request.model}`,
      args: [request],
    });
    return { workflowId, wasOpen: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { workflowId, wasOpen: true };
    throw error;
  }
}

/** A key by what it is for and when it was asked for. */
export function newRunKey(prefix: string, now: Date): string {
  return `${prefix}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
}
