import type { ProviderNode } from '../../src/contract/cluster.js';
import { nodeQueue } from '../../src/domain/names.js';
import type { Compute } from '../../src/platform/compute/port.js';

interface NodeToLaunch {
  node: number;
  generation: number;
}

export interface LaunchNodesInput {
  leaseId: string;
  runKey: string;
  fence: number;
  nodes: readonly NodeToLaunch[];
  leaseMinutes: number;
  /** ISO time at which a node ends itself unless it is renewed. */
  deadline: string;
  /** Missing where a lease was begun by a version that knew no price. */
  pricePerNodeHourUsd?: number;
}

/** Launches the nodes of a lease, or finds them launched: the same lease, place and generation never give two machines. */
export const launchNodes =
  (ports: { compute: Compute; installation: string; server: { address: string; namespace: string } }) =>
  ({ leaseId, runKey, fence, nodes, leaseMinutes, deadline, pricePerNodeHourUsd = 0 }: LaunchNodesInput): Promise<ProviderNode[]> =>
    Promise.all(
      nodes.map(({ node, generation }) =>
        ports.compute.launch({
          tags: { installation: ports.installation, runKey, lease: leaseId, fence, node, generation, leaseMinutes },
          server: ports.server,
          taskQueue: nodeQueue(leaseId, node, generation),
          deadline: new Date(deadline),
          pricePerHourUsd: pricePerNodeHourUsd,
        }),
      ),
    );
