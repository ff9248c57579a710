import { isCancellation, log, sleep } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import { onNodeLong } from './acts.js';
import { failureOf } from './failure-kind.js';
import { followJob } from './follow-job.js';

/** Ranks that were killed are accounted for within seconds, and their last logs shipped; a node that cannot do it by then is gone. */
const LAST_WORDS = '1 minute';

/** Ends a job. A node that cannot be told is left to the fence: whoever starts there next ends what is older. */
export async function stopJob(node: LeasedNode, jobId: string, mode: 'checkpoint' | 'now'): Promise<void> {
  try {
    await onNodeLong(node.taskQueue).stopRanks({ jobId, mode });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('ranks could not be stopped', { nodeId: node.nodeId, jobId, reason: failureOf(error).message });
  }
}

/** Kills a job on its nodes and waits until its logs are in the store, within bounds: machines are to be given back next. */
export async function abandonJob(nodes: readonly LeasedNode[], jobId: string): Promise<void> {
  await Promise.all(nodes.map((node) => stopJob(node, jobId, 'now')));
  await Promise.race([Promise.allSettled(nodes.map((node) => followJob(node, jobId))), sleep(LAST_WORDS)]);
}
