import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { OpenedTrajectory } from '../activities/training/open-trajectory.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { FollowCursor, FollowProgress } from '../src/contract/job.js';
import { onNode, onNodeLong, records } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import { followUntil, type HandBack, type JobEnd } from './follow-job.js';
import { NodeWatch, type Evidence } from './node-watch.js';
import { abandonJob, stopJob } from './stop-job.js';

/** Followers of one gang begin at the same moment and hand back within seconds of each other, where none is publishing. */
const HAND_BACK_WAIT = '1 minute';

/** Ranks that train, and how far each node's follower has got: what the next execution of the round needs to follow them on. */
export interface Following {
  jobId: string;
  /** By node. */
  cursors: Record<string, FollowCursor>;
}

export interface GangInput {
  runKey: string;
  fence: number;
  round: string;
  datasetId: string;
  modelId: string;
  /** null: as many steps as the epochs ask for. */
  maxSteps: number | null;
  nodes: LeasedNode[];
  /** Gangs that this owner has formed so far, this one included. */
  gang: number;
  /** Ranks of this gang that an earlier execution has left running; null: it has yet to be formed. */
  following: Following | null;
}

export type GangEnd =
  | { jobId: string; exits: JobEnd['exits']; evidence: Evidence | null; progress: FollowProgress | null }
  /** The history is long: the ranks go on, and the next execution of the round follows them. */
  | { following: Following };

/** What a gang asks of its round. */
export interface GangHost {
  shouldStop: () => boolean;
  note: (text: string) => Promise<void>;
  progress: (progress: FollowProgress) => Promise<void>;
}

/** One gang, from its trajectory to the end of its ranks; one that runs already is followed on. */
export async function runGang(input: GangInput, host: GangHost): Promise<GangEnd> {
  const { nodes, gang, following } = input;
  const opened = following === null ? await openGang(input) : null;
  const jobId = opened?.jobId ?? following?.jobId ?? fail('Defect', 'a gang has neither a trajectory nor ranks');
  if (opened !== null) await host.note(describe(opened, gang));
  const watch = new NodeWatch(nodes);
  try {
    const evidence = opened === null ? null : await prepareGang(input, opened, watch);
    if (evidence !== null) return { jobId, exits: [], evidence, progress: null };
    return await followGang(nodes, following ?? { jobId, cursors: {} }, watch, host);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // A cancelled run stops its ranks, and their logs reach the store, before the nodes go.
    await CancellationScope.nonCancellable(() => abandonJob(nodes, jobId));
    throw error;
  } finally {
    watch.end();
  }
}

function openGang(input: GangInput): Promise<OpenedTrajectory> {
  const { runKey, fence, gang, round, datasetId, modelId, maxSteps } = input;
  return records.openTrajectory({ runKey, fence, gang, round, datasetId, modelId, maxSteps });
}

/** Every node has what it needs, and the ranks run. Gives evidence instead when a node is lost or a checkpoint is bad. */
async function prepareGang(input: GangInput, opened: OpenedTrajectory, watch: NodeWatch): Promise<Evidence | null> {
  const { nodes } = input;
  let suspect: OpenedTrajectory['resume'] = null;
  try {
    await watch.orLost(Promise.all(nodes.map((node) => onNodeLong(node.taskQueue).stageInputs(opened.inputs))));
    const { checkpoint } = opened;
    suspect = opened.resume;
    if (checkpoint !== null)
      await watch.orLost(Promise.all(nodes.map((node) => onNodeLong(node.taskQueue).stageInputs([checkpoint]))));
    const [first] = nodes;
    const worldSize = opened.jobs[0]?.ranks.worldSize ?? 1;
    const rendezvous = worldSize > 1 && first !== undefined ? await watch.orLost(onNode(first.taskQueue).pickRendezvous()) : null;
    await watch.orLost(Promise.all(nodes.map((node) => onNode(node.taskQueue).startRanks({ ...jobOf(opened, node), rendezvous }))));
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (watch.lost.length > 0) return watch.evidence();
    const failure = failureOf(error);
    if (failure.kind === 'CheckpointIncomplete' && suspect !== null) {
      await records.setAsideCheckpoint({ runKey: input.runKey, round: input.round, point: suspect, why: failure.message });
    }
    await Promise.all(nodes.map((node) => stopJob(node, opened.jobId, 'now')));
    return { ...failure, lost: [] };
  }
}

/** Watches until every rank has ended. The first failure ends the others: a gang is whole or it is not. */
async function followGang(
  nodes: readonly LeasedNode[],
  { jobId, cursors }: Following,
  watch: NodeWatch,
  host: GangHost,
): Promise<GangEnd> {
  const ends = new Map<LeasedNode, JobEnd | HandBack | Evidence>();
  let leaving = false as boolean;
  const scope = new CancellationScope();
  const follows = nodes.map((node) =>
    scope
      .run(() =>
        followUntil(node, jobId, cursors[node.node] ?? { offsets: {} }, async (handBack) => {
          cursors = { ...cursors, [node.node]: handBack.cursor };
          // Rank 0 is on the first node, and tells for all.
          if (node === nodes[0]) await host.progress(handBack.progress);
          leaving ||= workflowInfo().continueAsNewSuggested;
          return leaving;
        }),
      )
      .catch((error: unknown): Evidence => ({ ...failureOf(error), lost: [] }))
      .then((end) => ends.set(node, end)),
  );
  const isLost = (): boolean => watch.lost.length > 0;
  const failed = (): boolean =>
    [...ends.values()].some((end) => 'lost' in end || (end.state === 'ended' && end.exits.some(({ kind }) => kind !== null)));
  const settled = (): boolean => nodes.every((node) => ends.has(node) || watch.lost.includes(node));
  await condition(() => settled() || failed() || isLost() || host.shouldStop() || leaving);
  // Whatever else has come about is seen again by the next execution.
  if (leaving) await condition(settled, HAND_BACK_WAIT);
  else {
    const mode = host.shouldStop() && !failed() && !isLost() ? 'checkpoint' : 'now';
    const left = nodes.filter((node) => !watch.lost.includes(node) && !ends.has(node));
    await Promise.all(left.map((node) => stopJob(node, jobId, mode)));
    await condition(() => settled() || leaving);
  }
  scope.cancel();
  await Promise.allSettled(follows);
  if (leaving) return { following: { jobId, cursors } };
  const all = [...ends.values()];
  const trouble = all.find((end): end is Evidence => 'lost' in end);
  const ended = nodes.flatMap((node) => {
    const end = ends.get(node);
    return end === undefined || 'lost' in end || end.state === 'running' ? [] : [end];
  });
  return {
    jobId,
    exits: ended.flatMap(({ exits }) => exits),
    evidence: isLost() ? watch.evidence() : (trouble ?? null),
    progress: ended[0]?.progress ?? null,
  };
}

function jobOf(opened: OpenedTrajectory, node: LeasedNode): OpenedTrajectory['jobs'][number] {
  return opened.jobs[node.node] ?? fail('RunnerCrashed', `no job was planned for node ${node.node}`);
}

function describe({ trajectory, resume, passedOver }: OpenedTrajectory, gang: number): string {
  const from = resume === null ? 'from the start' : `from step ${resume.step} of trajectory ${resume.trajectory}`;
  const over = passedOver.length === 0 ? '' : `; passed over ${passedOver.join(', ')}`;
  return `gang ${gang} trains trajectory ${trajectory} ${from}${over}`;
}
