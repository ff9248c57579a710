import { CancellationScope, condition, isCancellation, sleep, workflowInfo } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { FollowCursor, FollowProgress } from '../src/contract/job.js';
import { failureOf } from './failure-kind.js';
import { followUntil, type HandBack, type JobEnd } from './follow-job.js';
import type { Evidence, NodeWatch } from './node-watch.js';
import { abandonJob, stopJob } from './stop-job.js';

/** Followers of one gang begin at the same moment and hand back within seconds of each other. */
const HAND_BACK_WAIT = '1 minute';
/** A node that could not be told has been waited for a minute by then; a store or disk in trouble is asked no more often. */
const TELL_AGAIN = '10 seconds';

/**
 * So often in a row nobody takes up the following of a node before it is given up, once its gang has failed. Each waits a
 * minute on the node's queue, where a worker that is brought back needs seconds; of a server that was away itself the first one
 * tells nothing. Nothing that trains is lost by it: ranks without their peers are ended by their own supervisor, at the limit of
 * a step at the latest, and the machine by its provider when it is replaced.
 */
const UNANSWERED = 3;

/** Ranks that train, and how far each node's follower has got: what the next execution of the round needs to follow them on. */
export interface Following {
  jobId: string;
  /** By node. */
  cursors: Record<string, FollowCursor>;
  /** Why the gang has failed, where no rank can say it: seen while its followers handed back. */
  evidence: Evidence | null;
}

export type GangEnd =
  | { jobId: string; exits: JobEnd['exits']; evidence: Evidence | null; progress: FollowProgress | null }
  /** The history is long: the ranks go on, and the next execution of the round follows them. */
  | { following: Following };

interface Host {
  shouldStop: () => boolean;
  progress: (progress: FollowProgress) => Promise<void>;
}

/**
 * Watches until every rank has ended. The first failure ends the others: a gang is whole or it is not. A node that cannot be
 * reached is waited for as long as its gang may train, and for a while after.
 */
export function followGang(nodes: readonly LeasedNode[], following: Following, watch: NodeWatch, host: Host): Promise<GangEnd> {
  return new GangFollowing(nodes, following, watch, host).follow();
}

class GangFollowing {
  private readonly ends = new Map<LeasedNode, JobEnd | HandBack | Evidence>();
  /** How often in a row nobody took up the following of a node. */
  private readonly unanswered = new Map<LeasedNode, number>();
  private readonly jobId: string;
  private cursors: Record<string, FollowCursor>;
  /** From the execution before this one. */
  private readonly before: Evidence | null;
  private isLeaving = false;

  constructor(
    private readonly nodes: readonly LeasedNode[],
    { jobId, cursors, evidence }: Following,
    private readonly watch: NodeWatch,
    private readonly host: Host,
  ) {
    this.jobId = jobId;
    this.cursors = cursors;
    this.before = evidence;
  }

  async follow(): Promise<GangEnd> {
    const scope = new CancellationScope();
    const followed = Promise.all(this.nodes.map((node) => this.followNode(node, scope)));
    // A cancellation is met below, wherever this waits by then.
    followed.catch(() => undefined);
    await condition(() => this.isSettled() || this.hasFailed() || this.host.shouldStop() || this.isLeaving);
    // Whatever else has come about is seen again by the next execution.
    if (this.isLeaving) await condition(() => this.isSettled(), HAND_BACK_WAIT);
    else {
      const mode = this.host.shouldStop() && !this.hasFailed() ? 'checkpoint' : 'now';
      // Not waited for: one that is lost meanwhile is told nothing any more, and its queue would be waited at for a minute.
      for (const node of this.left()) void scope.run(() => this.stopUntilTold(node, mode)).catch(ignoreCancellation);
      await condition(() => this.isSettled() || this.isLeaving);
    }
    const givenUp = this.silent();
    scope.cancel();
    await followed;
    if (!this.isLeaving) return this.end(givenUp);
    return { following: { jobId: this.jobId, cursors: this.cursors, evidence: this.evidence() } };
  }

  /** A node out of reach is told when it is back: until then its ranks may train past what they were to stop for. */
  private async stopUntilTold(node: LeasedNode, mode: 'checkpoint' | 'now'): Promise<void> {
    while (!(await stopJob(node, this.jobId, mode))) await sleep(TELL_AGAIN);
  }

  private async followNode(node: LeasedNode, scope: CancellationScope): Promise<void> {
    try {
      const from = this.cursors[node.node] ?? { offsets: {} };
      const end = await scope.run(() =>
        followUntil(node, this.jobId, from, {
          leaves: (handBack) => this.leaves(node, handBack),
          unanswered: (times) => void this.unanswered.set(node, times),
        }),
      );
      this.ends.set(node, end);
    } catch (error) {
      if (isCancellation(error)) return;
      this.ends.set(node, { ...failureOf(error), lost: [] });
      // Nobody has seen its ranks end: they would run on beside the others' end, and what they said would not be stored.
      await abandonJob([node], this.jobId);
    }
  }

  private async leaves(node: LeasedNode, handBack: HandBack): Promise<boolean> {
    this.cursors = { ...this.cursors, [node.node]: handBack.cursor };
    // Rank 0 is on the first node, and tells for all.
    if (node === this.nodes[0]) await this.host.progress(handBack.progress);
    this.isLeaving ||= workflowInfo().continueAsNewSuggested;
    return this.isLeaving;
  }

  /** Nodes whose ranks have to end yet, as far as anybody knows. */
  private left(): LeasedNode[] {
    return this.nodes.filter((node) => !this.watch.lost.includes(node) && !this.ends.has(node));
  }

  /**
   * Those of them that nobody answers for though their gang has failed. Where ranks have ended well, all have: what a node that is
   * out of reach has made is waited for, and its machine ends at the deadline of its lease if that is in vain.
   */
  private silent(): LeasedNode[] {
    return this.hasFailed() ? this.left().filter((node) => (this.unanswered.get(node) ?? 0) >= UNANSWERED) : [];
  }

  private isSettled(): boolean {
    return this.left().length === this.silent().length;
  }

  private hasFailed(): boolean {
    return this.evidence() !== null || this.ended().some(({ exits }) => exits.some(({ kind }) => kind !== null));
  }

  /** What outweighs the words of ranks: a lost node, else the first failure of a follower. */
  private evidence(): Evidence | null {
    if (this.watch.lost.length > 0) return this.watch.evidence();
    return this.before ?? [...this.ends.values()].find((end) => 'lost' in end) ?? null;
  }

  /** Nodes whose ranks have been seen to end, in their order. */
  private ended(): JobEnd[] {
    return this.nodes.flatMap((node) => {
      const end = this.ends.get(node);
      return end !== undefined && 'state' in end && end.state === 'ended' ? [end] : [];
    });
  }

  private end(givenUp: readonly LeasedNode[]): GangEnd {
    const ended = this.ended();
    const exits = ended.flatMap((end) => end.exits);
    const evidence = withGivenUp(this.evidence(), givenUp);
    return { jobId: this.jobId, exits, evidence, progress: ended[0]?.progress ?? null };
  }
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

/** Nodes that are given up are replaced like lost ones. */
function withGivenUp(evidence: Evidence | null, nodes: readonly LeasedNode[]): Evidence | null {
  if (nodes.length === 0) return evidence;
  const names = nodes.map(({ node }) => node).join(', ');
  const message = `node ${names} has not answered ${UNANSWERED} times, a minute each, after its gang had ended; it is replaced`;
  if (evidence === null) return { kind: 'Unreachable', message, lost: nodes };
  return { ...evidence, message: `${evidence.message}; ${message}`, lost: [...evidence.lost, ...nodes] };
}
