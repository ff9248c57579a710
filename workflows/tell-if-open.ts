import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';

/** Sends a message to a workflow; one that has closed in the meantime needs not be told. */
export async function tellIfOpen(
  workflowId: string,
  tell: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
): Promise<void> {
  try {
    await tell(getExternalWorkflowHandle(workflowId));
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('workflow is closed', { workflowId });
  }
}
