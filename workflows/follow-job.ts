import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { FollowBeat, FollowCursor, FollowResult } from '../src/contract/job.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import { following } from './acts.js';
import { timeoutOf } from './failure-kind.js';

export type JobEnd = Extract<FollowResult, { state: 'ended' }>;

/**
 * Follows a job of a node to its end. A follower that is lost makes the node suspect, no more: the next one goes on from where
 * the last beat stood, for as long as it takes. Only `watchNodes` says that a node is gone.
 */
export async function followJob(node: LeasedNode, jobId: string): Promise<JobEnd> {
  let cursor: FollowCursor = { offsets: {} };
  for (;;) {
    try {
      const result = await following(node.taskQueue).followRanks({ jobId, cursor });
      if (result.state === 'ended') return result;
      cursor = result.cursor;
    } catch (error) {
      const timeout = timeoutOf(error);
      if (timeout === null && !isWorkerShutdown(error)) throw error;
      cursor = (timeout?.lastHeartbeatDetails as FollowBeat | undefined)?.cursor ?? cursor;
    }
  }
}

/** A worker that ends in an orderly way hands its activities back as failures of this type. */
function isWorkerShutdown(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'WorkerShutdown';
}
