import { Context } from '@temporalio/activity';
import type { FollowCursor, FollowResult } from '../../src/contract/job.js';
import { beating } from '../beating.js';
import type { JobFollowers } from './job-followers.js';

/** Handed back after this, and scheduled again by the workflow: no activity is open for days. */
const HAND_BACK_MS = 10 * 60_000;

export interface FollowInput {
  jobId: string;
  cursor: FollowCursor;
}

/**
 * Watches the follower of a job of this node, and tells the server how far it is. The follower begins with the first who watches
 * and needs nobody to: this activity ends when it is cancelled, for which it is enough that the server is out of reach for a
 * while, and checkpoints go on being published.
 */
export const followRanks =
  (ports: { followers: JobFollowers }) =>
  async ({ jobId, cursor }: FollowInput): Promise<FollowResult> => {
    const context = Context.current();
    // One before it may have to end what it has in flight.
    const follower = await beating(() => Promise.race([ports.followers.of(jobId, cursor), context.cancelled]));
    const handBackAt = Date.now() + HAND_BACK_MS;
    for (;;) {
      const { beat, end } = await Promise.race([follower.next(), context.cancelled]);
      context.heartbeat(beat);
      if (end !== null) return end;
      if (Date.now() > handBackAt) return { state: 'running', ...beat };
    }
  };
