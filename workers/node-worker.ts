import { Worker, type WorkerOptions } from '@temporalio/worker';
import { FailureInterceptor } from './failure-interceptor.js';

/** Control calls have to get through while a job is followed; the accelerator is guarded by the fence, not by a slot. */
const MAX_ACTIVITIES = 16;
/**
 * One is answered while the next one waits; tasks of a node come seconds apart. Each is a request that the server holds open, and a
 * server lets a namespace have 1,200 of them for each of its front ends (frontend.namespaceCount): with the SDK's ten, 120 nodes.
 */
const MAX_POLLS = 2;
/** A third of what a follower may be silent. Progress reaches people so soon, and each beat costs the server a write. */
const HEARTBEAT_THROTTLE = '3 seconds';

type NodePlace = Required<Pick<WorkerOptions, 'connection' | 'namespace' | 'taskQueue' | 'activities'>>;

/** The worker of a node's own queue. */
export const createNodeWorker = (place: NodePlace): Promise<Worker> =>
  Worker.create({
    ...place,
    interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
    maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    // Not maxConcurrentActivityTaskPolls, which SDK 1.24 takes and leaves unused: ten polls, whatever it says.
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: MAX_POLLS },
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  });
