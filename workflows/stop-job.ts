import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import { onNodeLong } from './acts.js';
import { failureOf } from './failure-kind.js';
import { followJob } from './follow-job.js';

/** Ranks that were killed are accounted for within seconds, and their last logs shipped; a node that cannot do it by then is gone. */
const LAST_WORDS = '1 minute';

/** Ends a job, and says whether its node could be told. One that could not is left to the fence: whoever starts there next ends what is older. */
export async function stopJob(node: LeasedNode, jobId: string, mode: 'checkpoint' | 'now'): Promise<boolean> {
  try {
    await onNodeLong(node.taskQueue).stopRanks({ jobId, mode });
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('ranks could not be stopped', { nodeId: node.nodeId, jobId, reason: failureOf(error).message });
    return false;
  }
}

/** Kills a job on its nodes and waits until its logs are in the store, within bounds: machines are to be given back next. */
export async function abandonJob(nodes: readonly LeasedNode[], jobId: string): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      if (await stopJob(node, jobId, 'now')) await waitForLastWords(node, jobId);
    }),
  );
}

async function waitForLastWords(node: LeasedNode, jobId: string): Promise<void> {
  try {
    await CancellationScope.withTimeout(LAST_WORDS, () => followJob(node, jobId));
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    log.warn('last logs may not be in the store', { nodeId: node.nodeId, jobId, reason: failureOf(error).message });
  }
}
