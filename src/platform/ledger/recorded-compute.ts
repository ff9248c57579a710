import type { ProviderNode } from '../../contract/cluster.js';
import type { NodeEnded, NodeLaunched } from '../../contract/ledger.js';
import { nodeLedgerKeys } from '../../domain/store-keys.js';
import type { Compute, LaunchRequest } from '../compute/port.js';
import { toJsonLine } from '../object-store/json-objects.js';
import type { ObjectStore } from '../object-store/port.js';

/**
 * A provider whose words on the beginning and the end of nodes are kept in the ledgers of their runs: it forgets what has ended.
 * Machines wait for no store: a word that could not be written is written by a later call, of this process.
 */
export class RecordedCompute implements Compute {
  private readonly unwritten = new Map<string, ProviderNode>();
  /** Nodes whose launch is in the store. */
  private readonly begun = new Set<string>();

  constructor(
    private readonly provider: Compute,
    private readonly store: ObjectStore,
    private readonly warn: (message: string, error: unknown) => void,
  ) {}

  async launch(request: LaunchRequest): Promise<ProviderNode> {
    const node = await this.provider.launch(request);
    await this.write([node]);
    return node;
  }

  describe(nodeIds: readonly string[]): Promise<ProviderNode[]> {
    return this.provider.describe(nodeIds);
  }

  async terminate(nodeIds: readonly string[]): Promise<void> {
    await this.provider.terminate(nodeIds);
    await this.write(await this.provider.describe(nodeIds));
  }

  async list(filter: { installation: string; lease?: string }): Promise<ProviderNode[]> {
    const nodes = await this.provider.list(filter);
    // One that has ended by itself is listed until somebody tidies up: this may be the first look at it. Whoever launched one may
    // be gone with its word.
    await this.write(nodes.filter(({ nodeId, endedAt }) => endedAt !== null || !this.begun.has(nodeId)));
    return nodes;
  }

  private async write(nodes: readonly ProviderNode[]): Promise<void> {
    for (const node of nodes) this.unwritten.set(node.nodeId, node);
    for (const node of [...this.unwritten.values()]) {
      try {
        await this.writeOne(node);
        if (this.unwritten.get(node.nodeId) === node) this.unwritten.delete(node.nodeId);
      } catch (error) {
        this.warn(`node ${node.nodeId} could not be written into the ledger of its run`, error);
      }
    }
  }

  private async writeOne({ nodeId, tags, launchedAt, deadline, pricePerHourUsd, endedAt }: ProviderNode): Promise<void> {
    const launched: NodeLaunched = { nodeId, tags, launchedAt, deadline, pricePerHourUsd };
    await this.store.putIfAbsent(nodeLedgerKeys.launched(tags.runKey, nodeId), toJsonLine(launched));
    this.begun.add(nodeId);
    if (endedAt === null) return;
    const ended: NodeEnded = { endedAt };
    await this.store.putIfAbsent(nodeLedgerKeys.ended(tags.runKey, nodeId), toJsonLine(ended));
  }
}
