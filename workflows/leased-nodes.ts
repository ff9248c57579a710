import { condition, getExternalWorkflowHandle, setHandler, workflowInfo } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import { fail } from './failure-kind.js';
import { leaseChangedSignal, replaceNodeSignal, type LeaseChange } from './messages.js';

/** The nodes that a workflow works on. The lease tells it when a machine has taken the place of another. */
export class LeasedNodes {
  /** `leaseId` is the workflow id of the lease, '' as long as there is none. */
  constructor(
    public all: LeasedNode[],
    public leaseId: string,
  ) {
    const take = (change: LeaseChange): void => {
      if (change.leaseId === this.leaseId) this.all = change.nodes;
    };
    setHandler(leaseChangedSignal, take, { description: 'news from the lease' });
  }

  /** The machine that is node `index` now. */
  at(index: number): LeasedNode {
    return this.all.find(({ node }) => node === index) ?? fail('NodeLost', `no machine is leased for node ${index}`);
  }

  /** Asks for other machines and waits for them. A lease that has none to give ends the run, and with it this waiting. */
  async replace(lost: readonly LeasedNode[], evidence: string): Promise<void> {
    const sender = workflowInfo().workflowId;
    for (const { node, generation } of lost) {
      await getExternalWorkflowHandle(this.leaseId).signal(replaceNodeSignal, { node, generation, evidence, sender });
      await condition(() => this.at(node).generation > generation);
    }
  }
}
