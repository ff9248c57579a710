import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { toIso } from './pending-activities.js';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** When a worker last asked a queue for work. The server remembers for 5 minutes; null: not in that time. */
export async function lastPoll(client: Client, taskQueue: string, kind: 'workflow' | 'activity'): Promise<string | null> {
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: kind === 'workflow' ? TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW : TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const times = pollers.flatMap(({ lastAccessTime }) => toIso(lastAccessTime) ?? []);
  return times.sort().at(-1) ?? null;
}
