import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { Compute } from '../../src/platform/compute/port.js';

/** A lost node has to be noticed within 15 s; asking the provider this often leaves time for the rest. */
const LOOK_MS = 3_000;
/** A list that is a moment behind is no evidence: a node counts as gone when it is missing this many times running. */
const MISSING_TIMES = 3;

export interface LostNode {
  nodeId: string;
  evidence: string;
}

/** Returns only on positive evidence that a node is gone. Silence, errors and slow answers are none. */
export const watchNodes =
  (ports: { compute: Compute }) =>
  async ({ nodeIds }: { nodeIds: readonly string[] }): Promise<LostNode[]> => {
    const context = Context.current();
    const missing = new Map<string, number>();
    for (;;) {
      context.heartbeat();
      const nodes = await ports.compute.describe(nodeIds).catch((error: unknown) => {
        context.log.warn('provider could not be asked for nodes', { err: error });
        return null;
      });
      const lost = nodes === null ? [] : nodeIds.flatMap((nodeId) => evidenceOfLoss(nodeId, nodes, missing));
      if (lost.length > 0) return lost;
      await delay(LOOK_MS, undefined, { signal: context.cancellationSignal });
    }
  };

function evidenceOfLoss(nodeId: string, nodes: Awaited<ReturnType<Compute['describe']>>, missing: Map<string, number>): LostNode[] {
  const node = nodes.find((candidate) => candidate.nodeId === nodeId);
  const times = node === undefined ? (missing.get(nodeId) ?? 0) + 1 : 0;
  missing.set(nodeId, times);
  if (node?.state === 'terminated') return [{ nodeId, evidence: `the provider says that node ${nodeId} is terminated` }];
  return times >= MISSING_TIMES ? [{ nodeId, evidence: `the provider has not listed node ${nodeId} ${times} times running` }] : [];
}
