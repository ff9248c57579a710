import type { Client } from '@temporalio/client';
import { FineTuningRequest } from '../../contract/request.js';
import { CONTROL_QUEUE, RUN_WORKFLOW, runWorkflowId } from '../../domain/names.js';

const EXAMPLE_ID = runWorkflowId('example');

/**
 * Starts a dry run with every field spelled out. The start form of the Web UI copies the input of the newest run of the type,
 * so whoever opens it finds a whole request to edit instead of an empty box. The form would copy a summary, too, and every run
 * made from the example would carry it.
 */
export async function seedExampleRun(client: Client): Promise<void> {
  for await (const newest of client.workflow.list({ query: `WorkflowType = "${RUN_WORKFLOW}"`, pageSize: 1 })) {
    if (newest.workflowId === EXAMPLE_ID) return;
    break;
  }
  await client.workflow.start(RUN_WORKFLOW, {
    workflowId: EXAMPLE_ID,
    taskQueue: CONTROL_QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [FineTuningRequest.parse({ dryRun: true })],
  });
}
