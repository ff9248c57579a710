import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { isNotFound } from './connection.js';
import { LOOK_WORKFLOWS } from './standing-schedules.js';

const DAY_SECONDS = 24 * 60 * 60;

/** How long the embedded server remembers what has ended. Its own default is a day; this shows last month's runs on any day. */
const RETENTION_DAYS = 35;

/**
 * Of what looks every two minutes a day is remembered: 1,440 histories of 23 kB (measured), 33 MB. Kept for as long as runs are,
 * they would be 1.2 GB, and runs a hundredth of it.
 */
const LOOKS = `WorkflowType IN (${LOOK_WORKFLOWS.map((type) => `"${type}"`).join(', ')}) AND ExecutionStatus = "Completed"`;

/**
 * Makes the namespace of the embedded server remember for so long, also one that an older start has made. What had ended before
 * goes when it was told it would. One that a person has set to more stays.
 */
export async function ensureRetention(client: Client): Promise<void> {
  const { namespace } = client.options;
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const seconds = RETENTION_DAYS * DAY_SECONDS;
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) >= seconds) return;
  const workflowExecutionRetentionTtl = proto.google.protobuf.Duration.fromObject({ seconds });
  await client.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
}

/** Deleting takes milliseconds, and the caller has other things to look after; what is left is for the next time. */
const FORGOTTEN_AT_ONCE = 200;

/** Lets the server forget looks of the standing schedules that ended before this; what failed stays as long as runs do. */
export async function forgetLooks(client: Client, before: Date): Promise<void> {
  const { namespace } = client.options;
  const query = `${LOOKS} AND CloseTime < "${before.toISOString()}"`;
  let number = 0;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    await client.workflowService
      .deleteWorkflowExecution({ namespace, workflowExecution: { workflowId, runId } })
      .catch((error: unknown) => {
        // The index may still list what is gone.
        if (!isNotFound(error)) throw error;
      });
    number += 1;
    if (number === FORGOTTEN_AT_ONCE) return;
  }
}
