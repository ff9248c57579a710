import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import type { Scene } from './scene.js';

/** Whom it asks, and the workflow whose activities follow the ranks and watch the nodes. */
type Server = Pick<Scene, 'client' | 'roundId'>;

const LOOK_MS = 200;
/** A server that is on its way up answers late. */
const ANSWER_MS = 5_000;

/** When all that a fault has cut off was heard from again, by the server's own book; null: not within this time. */
export async function contact(scene: Server, { queues = [], overAt }: Strike, withinMs: number): Promise<number | null> {
  const end = overAt + withinMs;
  while (Date.now() < end) {
    // What the dead one had left open is older than its death. A poll that was open all along is not renewed for a minute, but then
    // activities beat.
    if ((await lastPolls(scene, queues)).every((at) => at > overAt)) return Date.now();
    const beats = await lastBeats(scene);
    if (beats.length > 0 && beats.every((at) => at > overAt)) return Date.now();
    await delay(LOOK_MS);
  }
  return null;
}

async function lastPolls({ client }: Server, queues: readonly string[]): Promise<number[]> {
  const answers = queues.map((name) =>
    unlessAway(client, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name },
        taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      }),
    ),
  );
  return (await Promise.all(answers)).map((answer) =>
    Math.max(0, ...(answer?.pollers ?? []).map(({ lastAccessTime }) => milliseconds(lastAccessTime))),
  );
}

/** Of what follows the ranks and watches the nodes of the gang. */
async function lastBeats({ client, roundId }: Server): Promise<number[]> {
  const round = await unlessAway(client, () => client.workflow.getHandle(roundId).describe());
  return (round?.raw.pendingActivities ?? []).map(({ lastHeartbeatTime }) => milliseconds(lastHeartbeatTime));
}

async function unlessAway<T>(client: Client, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_MS, ask);
  } catch {
    // The server, or the round, is what is away.
    return null;
  }
}

const milliseconds = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
