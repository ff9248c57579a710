// Healthy: the server has seen the control worker of this very container ask for work. A process that merely exists would not tell.
import { hostname } from 'node:os';
import { CONTROL_QUEUE } from '../dist/src/domain/names.js';
import { configuredServer, connectClient } from '../dist/src/platform/temporal/connection.js';

/** An idle worker's poll lasts a minute; twice that has missed one. */
const SEEN_WITHIN_MS = 120_000;
/** TEMPORAL_TASK_QUEUE_TYPE_WORKFLOW */
const WORKFLOW_QUEUE = 1;

const target = configuredServer();
if (target === null) throw new Error('TEMPORAL_ADDRESS is not set');
const client = await connectClient(target);
const { pollers } = await client.workflowService.describeTaskQueue({
  namespace: target.namespace,
  taskQueue: { name: CONTROL_QUEUE },
  taskQueueType: WORKFLOW_QUEUE,
});
// The SDK names a worker <process>@<host>, and a container is its own host.
const seen = pollers
  .filter(({ identity }) => identity?.endsWith(`@${hostname()}`))
  .map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
const agoMs = Date.now() - Math.max(0, ...seen);
await client.connection.close();
if (agoMs > SEEN_WITHIN_MS) {
  process.stderr.write(
    seen.length === 0
      ? `no worker of ${hostname()} polls ${CONTROL_QUEUE}\n`
      : `the worker of ${hostname()} last polled ${CONTROL_QUEUE} ${Math.round(agoMs / 1000)} s ago\n`,
  );
  process.exitCode = 1;
}
