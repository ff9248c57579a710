import {
  CancellationScope,
  condition,
  isCancellation,
  log,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunPlan } from '../src/contract/plan.js';
import { leaseWorkflowId } from '../src/domain/names.js';
import { ending } from './acts.js';
import type { clusterLease } from './cluster-lease.js';
import { failureOf } from './failure-kind.js';
import { LeasedNodes } from './leased-nodes.js';
import { releaseLeaseSignal } from './messages.js';
import { tellIfOpen } from './tell-if-open.js';

/** The run's side of its lease: which nodes it has, and how they are given back. */
export class RunLease {
  readonly nodes = new LeasedNodes([], '');
  private closed: Promise<void> = Promise.resolve();
  /** A parked run gives its nodes back, and takes others when it goes on. */
  private leases = 0;

  /** `onFailed`: the lease has ended by itself, so nobody replaces a node any more. */
  constructor(private readonly onFailed: (error: unknown) => void) {}

  /** Starts the lease and waits until every node has answered. Fails as the lease does. */
  async acquire(runKey: string, fence: number, cluster: RunPlan['cluster'], onStarted: (id: string) => void): Promise<void> {
    const { provider, nodes, ranksPerNode, device, leaseMinutes, pricePerNodeHourUsd } = cluster;
    this.leases += 1;
    const workflowId = leaseWorkflowId(runKey, fence, this.leases);
    // Before it is started: its first news may come with the word that it has been.
    this.nodes.leaseId = workflowId;
    const runWorkflowId = workflowInfo().workflowId;
    const handle = await CancellationScope.nonCancellable(() =>
      startChild<typeof clusterLease>('clusterLease', {
        workflowId,
        // Terminating the run must not terminate the lease: it has machines to end first.
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `${nodes} nodes of ${provider} for ${runKey}`,
        args: [
          {
            ...{ runKey, fence, runWorkflowId, leaseMinutes, carried: null },
            spec: { provider, nodes, ranksPerNode, device, pricePerNodeHourUsd },
          },
        ],
      }),
    ).catch(async (error: unknown) => {
      this.nodes.leaseId = '';
      // A reset to before its start may have left one of this name open, which nobody would end.
      await tellIfOpen(workflowId, (lease) => lease.signal(releaseLeaseSignal));
      throw error;
    });
    this.closed = handle.result();
    this.closed.catch((error: unknown) => {
      if (this.nodes.leaseId !== '') this.onFailed(error);
    });
    onStarted(workflowId);
    await Promise.race([condition(() => this.nodes.all.length > 0), this.closed]);
  }

  async release(): Promise<{ note: string }> {
    const id = this.nodes.leaseId;
    if (id === '') return { note: 'nothing was leased' };
    this.nodes.leaseId = '';
    this.nodes.all = [];
    await tellIfOpen(id, (lease) => lease.signal(releaseLeaseSignal));
    try {
      await this.closed;
    } catch (error) {
      if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
      // Somebody may have terminated it before it could see its machines gone.
      log.warn('the lease had failed', { reason: failureOf(error).message });
      await ending.terminateNodes({ leaseId: id, nodeIds: null });
    }
    return { note: 'the provider lists no machine of ours' };
  }
}
