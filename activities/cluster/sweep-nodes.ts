import { Context } from '@temporalio/activity';
import type { ProviderNode } from '../../src/contract/cluster.js';
import { reasonToEnd, type LeaseState } from '../../src/domain/sweep.js';
import type { Compute } from '../../src/platform/compute/port.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';
import { beating } from '../beating.js';

export interface SweepResult {
  /** Listed by the provider when the sweep began. */
  listed: number;
  ended: { nodeId: string; reason: string }[];
}

/** Ends the nodes of this installation that nobody owns any more, by the provider's own list. */
export const sweepNodes = (ports: { compute: Compute; runs: RunDirectory; installation: string }) => (): Promise<SweepResult> =>
  beating(async () => {
    const { log } = Context.current();
    const nodes = await ports.compute.list({ installation: ports.installation });
    const leases = await statesOf(nodes, ports.runs);
    const now = new Date();
    const ended = nodes.flatMap((node) => {
      const reason = reasonToEnd(node, leases.get(node.tags.lease) ?? 'unknown', now);
      return reason === null ? [] : [{ nodeId: node.nodeId, reason }];
    });
    for (const one of ended) log.warn('ending a node that nobody owns', one);
    // Each by itself: one that cannot be ended now must not keep the others up.
    const ends = await Promise.allSettled(ended.map(({ nodeId }) => ports.compute.terminate([nodeId])));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { listed: nodes.length, ended };
  });

async function statesOf(nodes: readonly ProviderNode[], runs: RunDirectory): Promise<Map<string, LeaseState>> {
  const leases = [...new Set(nodes.map(({ tags }) => tags.lease))];
  return new Map(await Promise.all(leases.map(async (lease): Promise<[string, LeaseState]> => [lease, await runs.stateOf(lease)])));
}
