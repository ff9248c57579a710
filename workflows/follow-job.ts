import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { FollowBeat, FollowCursor, FollowResult } from '../src/contract/job.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import { following } from './acts.js';
import { timeoutOf } from './failure-kind.js';

export type JobEnd = Extract<FollowResult, { state: 'ended' }>;
export type HandBack = Extract<FollowResult, { state: 'running' }>;

export interface FollowHost {
  /** Does somebody else go on from here? */
  leaves: (handBack: HandBack) => Promise<boolean>;
  /** Told when nobody on the node took up the following, how often in a row; 0: it was heard from. */
  unanswered: (times: number) => void;
}

/**
 * Follows a job of a node until it ends, or until its host leaves at a hand-back. A follower that is lost makes the node suspect, no more: the next one goes on from where the last beat stood, for as long as it takes.
 * Only `watchNodes` says that a node is gone.
 */
export async function followUntil(node: LeasedNode, jobId: string, from: FollowCursor, host: FollowHost): Promise<FollowResult> {
  let cursor = from;
  let unanswered = 0;
  for (;;) {
    try {
      const result = await following(node.taskQueue).followRanks({ jobId, cursor });
      unanswered = 0;
      if (result.state === 'ended' || (await host.leaves(result))) return result;
      cursor = result.cursor;
    } catch (error) {
      const timeout = timeoutOf(error);
      if (timeout === null && !isBrokenOff(error)) throw error;
      const beat = timeout?.lastHeartbeatDetails as FollowBeat | undefined;
      cursor = beat?.cursor ?? cursor;
      // One that began and never beat tells nothing: a server hands it to a worker whose link is cut.
      if (timeout?.timeoutType === 'SCHEDULE_TO_START') unanswered += 1;
      else if (timeout === null || beat !== undefined) unanswered = 0;
    }
    host.unanswered(unanswered);
  }
}

/** Follows a job of a node from its begin to its end. */
export async function followJob(node: LeasedNode, jobId: string): Promise<JobEnd> {
  return (await followUntil(
    node,
    jobId,
    { offsets: {} },
    { leaves: () => Promise.resolve(false), unanswered: () => undefined },
  )) as JobEnd;
}

/** Failures of the watching, not of what is watched: a worker that ends in an orderly way, a button of the Web UI. */
const BROKEN_OFF: readonly unknown[] = ['WorkerShutdown', 'ActivityReset', 'ActivityPause'];

function isBrokenOff(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && BROKEN_OFF.includes(error.cause.type);
}
