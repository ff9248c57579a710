import { CancellationScope, condition, isCancellation, log, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { ClusterSpec, LeasedNode } from '../src/contract/cluster.js';
import { nodeQueue } from '../src/domain/names.js';
import { ending, launching, onNewNode, onNode, records, watching } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import { leaseChangedSignal, releaseLeaseSignal, replaceNodeSignal, type ReplaceNode } from './messages.js';
import { tellIfOpen } from './tell-if-open.js';

/** A node that nobody renews ends itself after this: so long is silence survived, and then the bill ends. */
const LEASE_MINUTES = 30;
/** A third, so that at least two renewals may fail before a node ends itself. */
const RENEW_EVERY = '10 minutes';

export interface ClusterLeaseInput {
  runKey: string;
  fence: number;
  /** Workflow id of the run that the nodes are for. */
  runWorkflowId: string;
  spec: ClusterSpec;
}

/** Owns the machines of a run from before the first exists until the provider lists none, whatever becomes of the run. */
export async function clusterLease(input: ClusterLeaseInput): Promise<void> {
  const leaseId = workflowInfo().workflowId;
  let released = false as boolean;
  const toReplace: ReplaceNode[] = [];
  setHandler(releaseLeaseSignal, () => void (released = true), { description: 'ends all machines of this lease' });
  setHandler(replaceNodeSignal, (request) => void toReplace.push(request), { description: 'replaces a lost machine by a new one' });

  // Registered before the first launch: the way out of here leads over the end of every machine.
  try {
    const first = Array.from({ length: input.spec.nodes }, (_, node) => ({ node, generation: 1 }));
    const isReleased = (): boolean => released;
    let nodes = await unless(isReleased, () => lease(input, leaseId, first));
    if (nodes === null) return;
    await tell(input.runWorkflowId, nodes);
    for (;;) {
      const woken = await condition(() => released || toReplace.length > 0, RENEW_EVERY);
      if (released) return;
      if (!woken) {
        if (!(await records.isRunOpen({ workflowId: input.runWorkflowId }))) return;
        await renew(nodes);
        continue;
      }
      const request = toReplace.shift() as ReplaceNode;
      const held: LeasedNode[] = nodes;
      nodes = await unless(isReleased, () => replace(input, leaseId, held, request));
      if (nodes === null) return;
      await tell(input.runWorkflowId, nodes);
      if (request.sender !== input.runWorkflowId) await tell(request.sender, nodes);
    }
  } finally {
    await CancellationScope.nonCancellable(() => endAll(leaseId));
  }
}

/** A lease that closes has no machines: what cannot be ended now is tried for as long as it takes, and seen in the Web UI meanwhile. */
async function endAll(leaseId: string): Promise<void> {
  for (;;) {
    try {
      await ending.terminateNodes({ leaseId, nodeIds: null });
      return;
    } catch (error) {
      log.error('machines could not be ended', { reason: failureOf(error).message });
      await sleep('1 minute');
    }
  }
}

/** The work's result, or null when it was broken off because there is no use for it any more. */
async function unless<T>(useless: () => boolean, work: () => Promise<T>): Promise<T | null> {
  const scope = new CancellationScope();
  let settled = false as boolean;
  const result = scope.run(work);
  const mark = (): void => void (settled = true);
  result.then(mark, mark);
  await condition(() => settled || useless());
  if (settled) return result;
  scope.cancel();
  await Promise.allSettled([result]);
  return null;
}

const deadline = (): string => new Date(Date.now() + LEASE_MINUTES * 60_000).toISOString();

/** Launches nodes and waits until each answers on its own queue. */
async function lease(
  input: ClusterLeaseInput,
  leaseId: string,
  wanted: { node: number; generation: number }[],
): Promise<LeasedNode[]> {
  const { runKey, fence } = input;
  const launched = await launching.launchNodes({ leaseId, runKey, fence, nodes: wanted, deadline: deadline() });
  const scope = new CancellationScope();
  const ready = scope.run(() =>
    Promise.all(
      launched.map(async ({ nodeId, tags: { node, generation } }): Promise<LeasedNode> => {
        const taskQueue = nodeQueue(leaseId, node, generation);
        const facts = await onNewNode(taskQueue).describeNode({ fence: { runKey, owner: fence, gang: 0 } });
        return { node, nodeId, generation, taskQueue, facts };
      }),
    ),
  );
  const lost = scope.run(() => watching.watchNodes({ nodeIds: launched.map(({ nodeId }) => nodeId) }));
  try {
    return await Promise.race([
      ready,
      lost.then(([gone]) => fail('NodeLost', gone?.evidence ?? 'a node is gone before it was ready')),
    ]);
  } finally {
    scope.cancel();
    await Promise.allSettled([ready, lost]);
  }
}

async function replace(
  input: ClusterLeaseInput,
  leaseId: string,
  nodes: LeasedNode[],
  request: ReplaceNode,
): Promise<LeasedNode[]> {
  const current = nodes.find(({ node }) => node === request.node);
  if (current === undefined || current.generation !== request.generation) return nodes;
  log.info('replacing node', { node: request.node, generation: request.generation, evidence: request.evidence });
  // It may live on unseen: then it is paid for, and its ranks are of an older fence.
  await ending.terminateNodes({ leaseId, nodeIds: [current.nodeId] });
  const [replacement] = await lease(input, leaseId, [{ node: request.node, generation: request.generation + 1 }]);
  return nodes.map((node) => (node === current ? (replacement as LeasedNode) : node));
}

/** A renewal that does not arrive is no evidence of anything: the next one may, and the node lives until its deadline. */
async function renew(nodes: readonly LeasedNode[]): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      try {
        await onNode(node.taskQueue).renewNode({ deadline: deadline() });
      } catch (error) {
        if (isCancellation(error)) throw error;
        log.warn('node not renewed', { nodeId: node.nodeId, reason: failureOf(error).message });
      }
    }),
  );
}

const tell = (workflowId: string, nodes: LeasedNode[]): Promise<void> =>
  tellIfOpen(workflowId, (receiver) => receiver.signal(leaseChangedSignal, { nodes }));
