import { CancellationScope, condition, log, ParentClosePolicy, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { RunPlan } from '../src/contract/plan.js';
import { leaseWorkflowId } from '../src/domain/names.js';
import type { clusterLease } from './cluster-lease.js';
import { failureOf } from './failure-kind.js';
import { leaseChangedSignal, releaseLeaseSignal } from './messages.js';
import { tellIfOpen } from './tell-if-open.js';

/** The run's side of its lease: which nodes it has, and how they are given back. */
export class RunLease {
  nodes: LeasedNode[] = [];
  /** Workflow id; '' before and after. */
  id = '';
  private closed: Promise<void> = Promise.resolve();

  /** `onFailed`: the lease has ended by itself, so nobody replaces a node any more. */
  constructor(private readonly onFailed: (error: unknown) => void) {
    setHandler(leaseChangedSignal, ({ nodes }) => void (this.nodes = nodes), { description: 'news from the lease' });
  }

  /** Starts the lease and waits until every node has answered. Fails as the lease does. */
  async acquire(runKey: string, fence: number, cluster: RunPlan['cluster'], onStarted: (id: string) => void): Promise<void> {
    const { provider, nodes, ranksPerNode, device } = cluster;
    const workflowId = leaseWorkflowId(runKey, fence, 1);
    const runWorkflowId = workflowInfo().workflowId;
    const handle = await CancellationScope.nonCancellable(() =>
      startChild<typeof clusterLease>('clusterLease', {
        workflowId,
        // Terminating the run must not terminate the lease: it has machines to end first.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${nodes} nodes of ${provider} for ${runKey}`,
        args: [{ runKey, fence, runWorkflowId, spec: { provider, nodes, ranksPerNode, device } }],
      }),
    );
    this.id = workflowId;
    this.closed = handle.result();
    this.closed.catch((error: unknown) => {
      if (this.id !== '') this.onFailed(error);
    });
    onStarted(workflowId);
    await Promise.race([condition(() => this.nodes.length > 0), this.closed]);
  }

  async release(): Promise<{ note: string }> {
    if (this.id === '') return { note: 'nothing was leased' };
    const { id } = this;
    this.id = '';
    await tellIfOpen(id, (lease) => lease.signal(releaseLeaseSignal));
    // However a lease ends, it has seen its machines gone first.
    await this.closed.catch((error: unknown) => log.warn('the lease had failed', { reason: failureOf(error).message }));
    return { note: 'the provider lists no machine of ours' };
  }
}
