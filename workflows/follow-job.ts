import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { FollowBeat, FollowCursor, FollowResult } from '../src/contract/job.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import { following } from './acts.js';
import { timeoutOf } from './failure-kind.js';

export type JobEnd = Extract<FollowResult, { state: 'ended' }>;
export type HandBack = Extract<FollowResult, { state: 'running' }>;

/**
 * Follows a job of a node until it ends, or until `leaves` says at a hand-back that somebody else goes on from there. A follower
 * that is lost makes the node suspect, no more: the next one goes on from where the last beat stood, for as long as it takes.
 * Only `watchNodes` says that a node is gone.
 */
export async function followUntil(
  node: LeasedNode,
  jobId: string,
  from: FollowCursor,
  leaves: (handBack: HandBack) => Promise<boolean>,
): Promise<FollowResult> {
  let cursor = from;
  for (;;) {
    try {
      const result = await following(node.taskQueue).followRanks({ jobId, cursor });
      if (result.state === 'ended' || (await leaves(result))) return result;
      cursor = result.cursor;
    } catch (error) {
      const timeout = timeoutOf(error);
      if (timeout === null && !isWorkerShutdown(error)) throw error;
      cursor = (timeout?.lastHeartbeatDetails as FollowBeat | undefined)?.cursor ?? cursor;
    }
  }
}

/** Follows a job of a node from its begin to its end. */
export async function followJob(node: LeasedNode, jobId: string): Promise<JobEnd> {
  return (await followUntil(node, jobId, { offsets: {} }, () => Promise.resolve(false))) as JobEnd;
}

/** A worker that ends in an orderly way hands its activities back as failures of this type. */
function isWorkerShutdown(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'WorkerShutdown';
}
