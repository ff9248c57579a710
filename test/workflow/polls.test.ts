import { Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../../src/platform/process/wait-until.js';
import { createNodeWorker } from '../../workers/node-worker.js';
import { openWorkflowServer } from './workflow-server.js';

/** Of a server on loopback, which answers at once whether it takes a poll; those that it takes are held for this long. */
const HELD_MS = 5_000;
const RESOURCE_EXHAUSTED: number = 8;
/** Of a namespace: more than a worker with the SDK's defaults would take. */
const LIMIT = 20;

const QUEUE = 'formwork-node-polls';
/** Its own worker of each namespace, which does the acts of schedules, polls as well. */
const OF_THE_SERVER = 'temporal-sys-per-ns-tq';

async function openServer(settings: Record<string, number> = {}): Promise<Connection & { address: string }> {
  const server = await openWorkflowServer(settings);
  onTestFinished(() => server.close());
  // Without the client's own interceptor, which tries again what was refused.
  const connection = await Connection.connect({ address: server.address, interceptors: [] });
  onTestFinished(() => connection.close());
  return Object.assign(connection, { address: server.address });
}

/** How many of so many polls, all open at once, the server refuses. */
async function refused(connection: Connection, polls: number): Promise<number> {
  const poll = async (): Promise<boolean> => {
    try {
      const request = { namespace: 'default', taskQueue: { name: 'nobody-asks' }, identity: 'polls.test' };
      await connection.withDeadline(Date.now() + HELD_MS, () => connection.workflowService.pollActivityTaskQueue(request));
      return false;
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      const code: number = error.code;
      return code === RESOURCE_EXHAUSTED;
    }
  };
  const answers = await Promise.all(Array.from({ length: polls }, poll));
  return answers.filter(Boolean).length;
}

test('the embedded server holds the polls of more nodes than its own default of 1,200 has room for', async () => {
  expect(await refused(await openServer(), 1_500)).toBe(0);
});

test('a node holds two polls open', async () => {
  const connection = await openServer({ 'frontend.namespaceCount': LIMIT });
  await untilPolled(connection, OF_THE_SERVER);
  const without = await refused(connection, LIMIT);
  const native = await NativeConnection.connect({ address: connection.address });
  onTestFinished(() => native.close());
  const worker = await createNodeWorker({
    connection: native,
    namespace: 'default',
    taskQueue: QUEUE,
    activities: { none: () => null },
  });
  const run = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await run;
  });
  await untilPolled(connection, QUEUE);
  expect((await refused(connection, LIMIT)) - without).toBe(2);
});

async function untilPolled({ workflowService }: Connection, queue: string): Promise<void> {
  const isPolled = async (): Promise<boolean> => {
    const { pollers } = await workflowService.describeTaskQueue({
      ...{ namespace: 'default', taskQueue: { name: queue } },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    });
    return pollers.length > 0;
  };
  expect(await waitUntil(isPolled, { timeoutMs: 30_000, everyMs: 50 })).toBe(true);
}
