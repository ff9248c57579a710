import { setTimeout as delay } from 'node:timers/promises';
import proto from '@temporalio/proto';
import type { Strike } from './fault.js';
import type { Scene } from './scene.js';

const LOOK_MS = 200;
/** A server that is on its way up answers late. */
const ANSWER_MS = 5_000;

/** When every queue that a fault has hit was polled again, by the server's own book; null: not within this time. */
export async function contact(scene: Scene, { queues = [], overAt }: Strike, withinMs: number): Promise<number | null> {
  const end = overAt + withinMs;
  while (Date.now() < end) {
    const polled = await Promise.all(queues.map((queue) => lastPoll(scene, queue)));
    // A poll that the dead one had left open is older than its death.
    if (polled.every((at) => at > overAt)) return Date.now();
    await delay(LOOK_MS);
  }
  return null;
}

async function lastPoll({ client }: Scene, queue: string): Promise<number> {
  try {
    const { pollers } = await client.withDeadline(Date.now() + ANSWER_MS, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: queue },
        taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      }),
    );
    return Math.max(
      0,
      ...pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 + (lastAccessTime?.nanos ?? 0) / 1e6),
    );
  } catch {
    // The server is what is away.
    return 0;
  }
}
