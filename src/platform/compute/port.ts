import type { NodeTags, ProviderNode } from '../../contract/cluster.js';

export interface LaunchRequest {
  tags: NodeTags;
  /** Where the node's worker finds its server; not secret. */
  server: { address: string; namespace: string };
  taskQueue: string;
  deadline: Date;
  pricePerHourUsd: number;
}

/**
 * Who lends machines. Control reaches a machine only through its task queue, and its existence only through this.
 * Failures: CapacityUnavailable, QuotaExceeded, AccessDenied, Throttled, Unreachable.
 */
export interface Compute {
  /** Launches, or returns what was launched before under the same tags: calling twice never gives two machines. */
  launch(request: LaunchRequest): Promise<ProviderNode>;

  /** The provider's own word on these nodes; one that it no longer knows is missing from the answer. */
  describe(nodeIds: readonly string[]): Promise<ProviderNode[]>;

  /**
   * Asks for the end of these nodes and waits for it within reason; what they have left behind (disks, work folders) goes too.
   * One that is gone already is no error.
   */
  terminate(nodeIds: readonly string[]): Promise<void>;

  /**
   * Everything of this installation that still costs something, from the provider's side: nodes that are not terminated, and
   * those that are and have left something behind. With `lease`, of that lease alone.
   */
  list(filter: { installation: string; lease?: string }): Promise<ProviderNode[]>;
}
