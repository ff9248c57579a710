import type { ProviderNode } from '../../src/contract/cluster.js';
import { nodeName } from '../../src/domain/names.js';
import type { Compute, LaunchRequest } from '../../src/platform/compute/port.js';

/** A provider whose machines are entries of a list. */
export class FakeCompute implements Compute {
  readonly nodes = new Map<string, ProviderNode>();
  readonly terminations: string[] = [];
  private readonly errors: Error[] = [];
  /** Nodes that a terminate reaches only with its n-th call. */
  private readonly stubborn = new Map<string, number>();

  /** The next calls, whatever they are, fail with these errors, one each. */
  failNext(...errors: Error[]): void {
    this.errors.push(...errors);
  }

  /** The node outlives so many terminations. */
  survive(nodeId: string, terminations: number): void {
    this.stubborn.set(nodeId, terminations);
  }

  /** The provider says that the machine has ended. */
  end(nodeId: string): void {
    const node = this.need(nodeId);
    this.nodes.set(nodeId, { ...node, state: 'terminated', endedAt: node.endedAt ?? new Date().toISOString() });
  }

  /** The provider does not list the machine any more. */
  forget(nodeId: string): void {
    this.nodes.delete(nodeId);
  }

  async launch({ tags, deadline, pricePerHourUsd }: LaunchRequest): Promise<ProviderNode> {
    await this.enter();
    const nodeId = nodeName(tags.lease, tags.node, tags.generation);
    const node = this.nodes.get(nodeId) ?? {
      ...{ nodeId, tags, state: 'running' as const },
      launchedAt: new Date().toISOString(),
      deadline: deadline.toISOString(),
      ...{ endedAt: null, pricePerHourUsd },
    };
    this.nodes.set(nodeId, node);
    return node;
  }

  async describe(nodeIds: readonly string[]): Promise<ProviderNode[]> {
    await this.enter();
    return nodeIds.flatMap((nodeId) => this.nodes.get(nodeId) ?? []);
  }

  async terminate(nodeIds: readonly string[]): Promise<void> {
    await this.enter();
    for (const nodeId of nodeIds) {
      this.terminations.push(nodeId);
      const left = this.stubborn.get(nodeId) ?? 0;
      this.stubborn.set(nodeId, left - 1);
      if (left <= 0 && this.nodes.has(nodeId)) this.end(nodeId);
    }
  }

  async list({ installation, lease }: { installation: string; lease?: string }): Promise<ProviderNode[]> {
    await this.enter();
    return [...this.nodes.values()].filter(
      ({ tags, state }) =>
        state !== 'terminated' && tags.installation === installation && (lease === undefined || tags.lease === lease),
    );
  }

  private need(nodeId: string): ProviderNode {
    const node = this.nodes.get(nodeId);
    if (node === undefined) throw new Error(`there is no node ${nodeId}`);
    return node;
  }

  private async enter(): Promise<void> {
    await new Promise(setImmediate);
    const error = this.errors.shift();
    if (error !== undefined) throw error;
  }
}
