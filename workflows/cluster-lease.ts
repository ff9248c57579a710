import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterSpec, LeasedNode } from '../src/contract/cluster.js';
import type { FailureKind } from '../src/contract/kinds.js';
import { nodeQueue } from '../src/domain/names.js';
import { asking, ending, launching, onNewNode, onNode, records, watching } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import { leaseChangedSignal, releaseLeaseSignal, replaceNodeSignal, workNewsSignal, type ReplaceNode } from './messages.js';
import { tellIfOpen } from './tell-if-open.js';

export interface ClusterLeaseInput {
  runKey: string;
  fence: number;
  /** Workflow id of the run that the nodes are for. */
  runWorkflowId: string;
  spec: ClusterSpec;
  /** A node that nobody renews ends itself after this: so long is silence survived, and then the bill ends. */
  leaseMinutes: number;
  /** From the execution before this one, whose history had become long; null: nothing is launched yet. */
  carried: Carried | null;
}

interface Carried {
  nodes: LeasedNode[];
  /** Requests that had come and were not answered. */
  toReplace: ReplaceNode[];
}

/** Owns the machines of a run from before the first exists until the provider lists none, whatever becomes of the run. */
export async function clusterLease(input: ClusterLeaseInput): Promise<void> {
  const lease = new Lease(input);
  let carried = null as Carried | null;
  // Registered before the first launch: the way out of here leads over the end of every machine.
  try {
    carried = await lease.keep();
  } finally {
    if (carried === null) await CancellationScope.nonCancellable(() => endAll(lease.id));
  }
  if (carried !== null) await continueAsNew<typeof clusterLease>({ ...input, carried });
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

interface Place {
  node: number;
  generation: number;
}

interface Refusal {
  kind: FailureKind;
  message: string;
  lost: readonly number[];
}

class Lease {
  readonly id = workflowInfo().workflowId;
  /** Machines that have answered, by place. */
  private readonly held = new Map<number, LeasedNode>();
  private readonly toReplace: ReplaceNode[] = [];
  private released = false;
  private isNeedless = false;
  private renewing = false;

  constructor(private readonly input: ClusterLeaseInput) {
    for (const node of input.carried?.nodes ?? []) this.held.set(node.node, node);
    this.toReplace.push(...(input.carried?.toReplace ?? []));
    setHandler(releaseLeaseSignal, () => void (this.released = true), { description: 'ends all machines of this lease' });
    setHandler(replaceNodeSignal, (request) => void this.toReplace.push(request), {
      description: 'replaces a lost machine by a new one',
    });
  }

  /** Returns null when the machines are needed no more, else what the next execution is to go on with. */
  async keep(): Promise<Carried | null> {
    const renewals = new CancellationScope();
    void renewals.run(() => this.keepRenewed());
    try {
      if (this.input.carried === null) {
        const first = Array.from({ length: this.input.spec.nodes }, (_, node) => ({ node, generation: 1 }));
        await this.whileNeeded(() => this.launch(first));
        if (!this.isOver()) await this.tell(this.input.runWorkflowId);
      }
      for (;;) {
        await condition(() => this.isOver() || this.toReplace.length > 0 || this.isTimeToContinue());
        if (this.isOver()) return null;
        // A cancellation that came in the same moment would be lost to another execution; the next wait meets it.
        const isCancelled = CancellationScope.current().consideredCancelled;
        if (this.isTimeToContinue() && !isCancelled) return { nodes: this.nodes(), toReplace: this.toReplace };
        const request = this.toReplace.shift();
        if (request !== undefined) await this.answer(request);
      }
    } finally {
      renewals.cancel();
    }
  }

  private nodes(): LeasedNode[] {
    return [...this.held.values()].sort((a, b) => a.node - b.node);
  }

  private isOver(): boolean {
    return this.released || this.isNeedless;
  }

  private isTimeToContinue(): boolean {
    return workflowInfo().continueAsNewSuggested && !this.renewing;
  }

  private deadline(): string {
    return new Date(Date.now() + this.input.leaseMinutes * 60_000).toISOString();
  }

  /** Also while a machine is launched, which may take as long as the others have left. */
  private async keepRenewed(): Promise<void> {
    try {
      // What is carried over was renewed an unknown while ago.
      if (this.input.carried !== null) await this.renewAll();
      for (;;) {
        // A third: one may fail, each of its tries after a minute, and the next still comes before a node ends itself.
        await sleep((this.input.leaseMinutes * 60_000) / 3);
        await this.renewAll();
      }
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  private async renewAll(): Promise<void> {
    this.renewing = true;
    try {
      await Promise.all(this.nodes().map((node) => this.renew(node)));
      const { runKey, fence, runWorkflowId: workflowId } = this.input;
      this.isNeedless = !(await asking.isLeaseNeeded({ runKey, fence, workflowId }));
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the run could not be asked for; it counts as open', { reason: failureOf(error).message });
    } finally {
      this.renewing = false;
    }
  }

  /** A renewal that does not arrive is no evidence of anything: the next one may, and the node lives until its deadline. */
  private async renew(node: LeasedNode): Promise<void> {
    try {
      await onNode(node.taskQueue).renewNode({ deadline: this.deadline() });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('node not renewed', { nodeId: node.nodeId, reason: failureOf(error).message });
    }
  }

  /** Whoever asks for a machine that is replaced already gets the news that it has missed. */
  private async answer({ node, generation, evidence, sender }: ReplaceNode): Promise<void> {
    const current = this.held.get(node);
    if (current?.generation === generation) {
      log.info('replacing node', { node, generation, evidence });
      await this.whileNeeded(async () => {
        // It may live on unseen: then it is paid for, and its ranks are of an older fence.
        await ending.terminateNodes({ leaseId: this.id, nodeIds: [current.nodeId] });
        this.held.delete(node);
        await this.launch([{ node, generation: generation + 1 }]);
      });
    }
    if (this.isOver()) return;
    await this.tell(this.input.runWorkflowId);
    if (sender !== this.input.runWorkflowId) await this.tell(sender);
  }

  private tell(workflowId: string): Promise<void> {
    return tellIfOpen(workflowId, (receiver) => receiver.signal(leaseChangedSignal, { leaseId: this.id, nodes: this.nodes() }));
  }

  /** Does the work, unless there is no use for it any more: then it is broken off. */
  private async whileNeeded(work: () => Promise<void>): Promise<void> {
    const scope = new CancellationScope();
    let settled = false as boolean;
    const result = scope.run(work);
    const mark = (): void => void (settled = true);
    result.then(mark, mark);
    await condition(() => settled || this.isOver());
    if (settled) return result;
    scope.cancel();
    await Promise.allSettled([result]);
  }

  /** Brings up machines for these places. One that is refused, or gone before it answers, is tried again for a while. */
  private async launch(places: readonly Place[]): Promise<void> {
    let wanted = places;
    for (let refusals = 1; ; refusals += 1) {
      const refused = await this.tryLaunch(wanted);
      if (refused === null) return;
      const { kind, message, lost } = refused;
      const verdict = await records.judgeLaunch({ kind, refusals });
      if (verdict.action === 'fail') fail(kind, message);
      const nextRetryAt = new Date(Date.now() + verdict.afterSeconds * 1000).toISOString();
      const attempt = { what: `launch ${refusals} of nodes ${wanted.map(({ node }) => node).join(', ')}`, result: message };
      const news = { attempt, failure: { kind, message, ranks: [] }, nextRetryAt };
      await tellIfOpen(this.input.runWorkflowId, (run) => run.signal(workNewsSignal, { fence: this.input.fence, news }));
      await sleep(verdict.afterSeconds * 1000);
      const missing = wanted.filter(({ node }) => !this.held.has(node));
      wanted = missing.map(({ node, generation }) => ({ node, generation: lost.includes(node) ? generation + 1 : generation }));
    }
  }

  /** Why the launch gave nothing, and which places lost a machine in it; null when every machine has answered. */
  private async tryLaunch(wanted: readonly Place[]): Promise<Refusal | null> {
    try {
      const lost = await this.launchOnce(wanted);
      if (lost.length === 0) return null;
      return { kind: 'NodeLost', message: `node ${lost.join(', ')} was gone before it answered`, lost };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { ...failureOf(error), lost: [] };
    }
  }

  /** Launches and waits until each machine answers on its own queue, or one is gone. Returns the places that were lost. */
  private async launchOnce(wanted: readonly Place[]): Promise<number[]> {
    const { runKey, fence, leaseMinutes, spec } = this.input;
    const { pricePerNodeHourUsd } = spec;
    const request = {
      leaseId: this.id,
      runKey,
      fence,
      nodes: wanted,
      leaseMinutes,
      deadline: this.deadline(),
      pricePerNodeHourUsd,
    };
    const launched = await launching.launchNodes(request);
    const scope = new CancellationScope();
    const ready = scope.run(() =>
      Promise.all(
        launched.map(async ({ nodeId, tags: { node, generation } }) => {
          const taskQueue = nodeQueue(this.id, node, generation);
          const facts = await onNewNode(taskQueue).describeNode({ fence: { runKey, owner: fence, gang: 0 } });
          this.held.set(node, { node, nodeId, generation, taskQueue, facts });
        }),
      ),
    );
    const watch = scope.run(() => watching.watchNodes({ nodeIds: launched.map(({ nodeId }) => nodeId) }));
    try {
      const gone = await Promise.race([ready.then(() => []), watch]);
      if (gone.length === 0) return [];
      const nodeIds = gone.map(({ nodeId }) => nodeId);
      log.warn('machines are gone before they answered', { evidence: gone.map(({ evidence }) => evidence) });
      await ending.terminateNodes({ leaseId: this.id, nodeIds });
      const lost = launched.filter(({ nodeId }) => nodeIds.includes(nodeId)).map(({ tags }) => tags.node);
      // It may have answered just before.
      for (const node of lost) this.held.delete(node);
      return lost;
    } finally {
      scope.cancel();
      await Promise.allSettled([ready, watch]);
    }
  }
}
