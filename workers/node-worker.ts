import { Worker, type WorkerOptions } from '@temporalio/worker';
import { FailureInterceptor } from './failure-interceptor.js';

/** Control calls have to get through while a job is followed; the accelerator is guarded by the fence, not by a slot. */
const MAX_ACTIVITIES = 16;
/** A third of what a follower may be silent. Progress reaches people so soon, and each beat costs the server a write. */
const HEARTBEAT_THROTTLE = '3 seconds';

type NodePlace = Required<Pick<WorkerOptions, 'connection' | 'namespace' | 'taskQueue' | 'activities'>>;

/** The worker of a node's own queue. */
export const createNodeWorker = (place: NodePlace): Promise<Worker> =>
  Worker.create({
    ...place,
    interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
    maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  });
