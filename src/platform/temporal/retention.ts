import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const DAY_SECONDS = 24 * 60 * 60;

/**
 * How long the embedded server remembers what has ended. Its own default is a day; this shows last month's runs on any day of this
 * one. Most of what is remembered are the two standing schedules.
 */
const RETENTION_DAYS = 35;

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
