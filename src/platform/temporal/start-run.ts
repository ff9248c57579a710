import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { FineTuningRequest } from '../../contract/request.js';
import { CONTROL_QUEUE, RECOVERY_MEMO } from '../../domain/names.js';

/** Starts an execution of a run, or finds one that is open. `recovery`: the number of the recovery that does it. */
export async function startRun(
  client: Client,
  workflowId: string,
  request: FineTuningRequest,
  recovery: number | null = null,
): Promise<{ wasOpen: boolean }> {
  try {
    await client.workflow.start('fineTuningRun', {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      // A closed execution of the same key is gone on from; an open one is not disturbed.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${request.task}, ${request.model}`,
      ...(recovery === null ? {} : { memo: { [RECOVERY_MEMO]: recovery } }),
      args: [request],
    });
    return { wasOpen: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { wasOpen: true };
    throw error;
  }
}
