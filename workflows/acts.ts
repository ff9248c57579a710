import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities, NodeActivities } from '../activities/index.js';
import { CONTROL_QUEUE } from '../src/domain/names.js';

// Which act may take how long, and how often it is tried. The control queue has no bound on waiting: a control worker that is
// away comes back, and nothing trains worse for it.

/**
 * A control worker that is killed in an act is back within seconds: its beat is missed, and not the minutes that a try may take. Long
 * enough for the beats of a worker that carries hundreds of runs on few cores.
 */
const MISSED_BEAT = '30 seconds';

/** Reads and writes a few small records. The store may be away for minutes; after 13 of them the run parks and says so. */
export const records = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 30 },
});

/** The last word on how a run ended is for whoever carries it on: written when the store is back, however long that takes. */
export const lastWords = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * What a run may cost must not rest for ever on a store that does not answer: after 8 minutes of tries, less than passes between two
 * renewals of a lease, the run stops to pay. A control worker that is away makes no tries, and so stops nothing.
 */
export const spending = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 20 },
});

/** Asked between two renewals of a lease, which it must not hold up: no answer counts as yes. */
export const asking = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** Reads whole data sets or model directories; beats while it does. */
export const longRecords = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 10 },
});

/** A provider says at once whether it has machines. */
export const launching = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds', maximumAttempts: 5 },
});

/** Watches as long as the gang lives, so only its heartbeat says that it still does; the control worker may be killed under it. */
export const watching = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '30 days',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** Machines that are not ended cost money: tried until it is done, whatever is in the way. */
export const ending = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** A list, and an act for each on it that nobody sees to; the next look sees what this one could not do. */
export const tending = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: MISSED_BEAT,
  retry: { initialInterval: '1 second', maximumAttempts: 3 },
});

/** A node's queue may have lost its worker for the moment: its host brings one back within seconds. */
const NODE_WAIT = '60 seconds';

/** Short acts of a node. A worker that is killed in one is back within seconds, so its beat is missed and not the whole minute. */
export const onNode = (taskQueue: string): NodeActivities =>
  proxyActivities<NodeActivities>({
    taskQueue,
    scheduleToStartTimeout: NODE_WAIT,
    startToCloseTimeout: '60 seconds',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds', maximumAttempts: 5 },
  });

/** Acts of a node that move gigabytes or wait for ranks to write a checkpoint; they beat. */
export const onNodeLong = (taskQueue: string): NodeActivities =>
  proxyActivities<NodeActivities>({
    taskQueue,
    scheduleToStartTimeout: NODE_WAIT,
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts: 5 },
  });

/**
 * A first answer comes when the machine has booted and its worker polls; a local one takes seconds, one in a cloud minutes.
 * A machine that dies before is noticed by watching the provider.
 */
export const onNewNode = (taskQueue: string): NodeActivities =>
  proxyActivities<NodeActivities>({
    taskQueue,
    scheduleToStartTimeout: '20 minutes',
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '15 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  });

/**
 * Following is not training, so it is given up quickly and scheduled again by the workflow with the cursor of the last beat: one
 * attempt, since a retry by the server would hide the timeout. The activity hands back by itself after ten minutes.
 */
export const following = (taskQueue: string): NodeActivities =>
  proxyActivities<NodeActivities>({
    taskQueue,
    scheduleToStartTimeout: NODE_WAIT,
    startToCloseTimeout: '15 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { maximumAttempts: 1 },
  });

/**
 * Tells people outside. A receiver that is being restarted is back within minutes, and news that is older than ten is found by
 * `formwork status` sooner; the steps up to a minute keep a receiver that is overloaded from being hit the harder for it.
 */
export const notifying = proxyActivities<ControlActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});
