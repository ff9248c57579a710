import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { FineTuningRequest } from '../../contract/request.js';
import { CONTROL_QUEUE, RECOVERY_MEMO, RUN_WORKFLOW } from '../../domain/names.js';

/** What the Web UI shows beside a run. */
export const runSummary = ({ task, model }: FineTuningRequest): string => `${task}, ${model}`;

/** Starts an execution of a run, or finds one that is open. `recovery`: the number of the recovery that does it. */
export async function startRun(
  client: Client,
  workflowId: string,
  request: FineTuningRequest,
  recovery: number | null = null,
): Promise<{ wasOpen: boolean }> {
  try {
    await client.workflow.start(RUN_WORKFLOW, {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      // A closed execution of the same key is gone on from; an open one is not disturbed.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: runSummary(request),
      ...(recovery === null ? {} : { memo: { [RECOVERY_MEMO]: recovery } }),
      args: [request],
    });
    return { wasOpen: false };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { wasOpen: true };
    throw error;
  }
}
