import { CancellationScope, condition, isCancellation, log, sleep } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { FailureKind } from '../src/contract/kinds.js';
import { watching } from './acts.js';
import { fail, failureOf } from './failure-kind.js';

/** Why work on nodes cannot go on, beside what their ranks say. */
export interface Evidence {
  kind: FailureKind;
  message: string;
  lost: readonly LeasedNode[];
}

/** A provider that cannot be asked is asked again after this. */
const AGAIN = '10 seconds';

/** Learns from the provider when nodes are gone. A follower never knows: one that hears nothing waits for as long as it takes. */
export class NodeWatch {
  readonly lost: LeasedNode[] = [];
  private readonly why: string[] = [];
  private readonly scope = new CancellationScope();

  constructor(nodes: readonly LeasedNode[]) {
    void this.scope.run(() => this.watch(nodes));
  }

  /** The work, or a failure as soon as a node is lost. */
  async orLost<T>(work: Promise<T>): Promise<T> {
    let settled = false as boolean;
    const mark = (): void => void (settled = true);
    work.then(mark, mark);
    await condition(() => settled || this.lost.length > 0);
    if (!settled) fail('NodeLost', this.why.join('; '));
    return work;
  }

  evidence(): Evidence {
    return { kind: 'NodeLost', message: this.why.join('; '), lost: this.lost };
  }

  end(): void {
    this.scope.cancel();
  }

  /** On after the first loss: a second one would otherwise be waited for without end. */
  private async watch(nodes: readonly LeasedNode[]): Promise<void> {
    try {
      for (let left = nodes; left.length > 0; left = nodes.filter((node) => !this.lost.includes(node))) await this.look(left);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  private async look(nodes: readonly LeasedNode[]): Promise<void> {
    try {
      const gone = await watching.watchNodes({ nodeIds: nodes.map(({ nodeId }) => nodeId) });
      this.lost.push(...nodes.filter(({ nodeId }) => gone.some((one) => one.nodeId === nodeId)));
      this.why.push(...gone.map(({ evidence }) => evidence));
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.error('nodes could not be watched', { reason: failureOf(error).message });
      await sleep(AGAIN);
    }
  }
}
