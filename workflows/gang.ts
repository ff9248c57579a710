import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { OpenedTrajectory } from '../activities/training/open-trajectory.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { FollowProgress } from '../src/contract/job.js';
import { onNode, onNodeLong, records } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import { followGang, type Following, type GangEnd } from './follow-gang.js';
import { NodeWatch, type Evidence } from './node-watch.js';
import { abandonJob } from './stop-job.js';

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

/** What a gang asks of its round. */
export interface GangHost {
  shouldStop: () => boolean;
  /** Told before its ranks are started: which job, and from where it goes on. */
  formed: (jobId: string, how: string) => Promise<void>;
  progress: (progress: FollowProgress) => Promise<void>;
}

/** One gang, from its trajectory to the end of its ranks; one that runs already is followed on. */
export async function runGang(input: GangInput, host: GangHost): Promise<GangEnd> {
  const { nodes, following } = input;
  const opened = following === null ? await openGang(input) : null;
  const jobId = opened?.jobId ?? following?.jobId ?? fail('Defect', 'a gang has neither a trajectory nor ranks');
  if (opened !== null) await host.formed(jobId, describe(opened));
  const watch = new NodeWatch(nodes);
  try {
    const evidence = opened === null ? null : await prepareGang(input, opened, watch);
    if (evidence !== null) return { jobId, exits: [], evidence, progress: null };
    return await followGang(nodes, following ?? { jobId, cursors: {}, evidence: null }, watch, host);
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
  const starts: { node: LeasedNode; done: Promise<unknown> }[] = [];
  try {
    await watch.orLost(Promise.all(nodes.map((node) => onNodeLong(node.taskQueue).stageInputs(opened.inputs))));
    const { checkpoint } = opened;
    suspect = opened.resume;
    if (checkpoint !== null)
      await watch.orLost(Promise.all(nodes.map((node) => onNodeLong(node.taskQueue).stageInputs([checkpoint]))));
    const [first] = nodes;
    const worldSize = opened.jobs[0]?.ranks.worldSize ?? 1;
    const rendezvous = worldSize > 1 && first !== undefined ? await watch.orLost(onNode(first.taskQueue).pickRendezvous()) : null;
    const start = (node: LeasedNode) => onNode(node.taskQueue).startRanks({ ...jobOf(opened, node), rendezvous });
    starts.push(...nodes.map((node) => ({ node, done: start(node) })));
    await watch.orLost(Promise.all(starts.map(({ done }) => done)));
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = failureOf(error);
    const isLost = watch.lost.length > 0;
    if (!isLost && failure.kind === 'CheckpointIncomplete' && suspect !== null) {
      await records.setAsideCheckpoint({ runKey: input.runKey, round: input.round, point: suspect, why: failure.message });
    }
    const left = starts.filter(({ node }) => !watch.lost.includes(node));
    // A start that is still under way would begin after the stop.
    await Promise.allSettled(left.map(({ done }) => done));
    await abandonJob(
      left.map(({ node }) => node),
      opened.jobId,
    );
    return isLost ? watch.evidence() : { ...failure, lost: [] };
  }
}

function jobOf(opened: OpenedTrajectory, node: LeasedNode): OpenedTrajectory['jobs'][number] {
  return opened.jobs[node.node] ?? fail('RunnerCrashed', `no job was planned for node ${node.node}`);
}

function describe({ resume, passedOver }: OpenedTrajectory): string {
  const from = resume === null ? 'from the start' : `from step ${resume.step} of trajectory ${resume.trajectory}`;
  const over = passedOver.length === 0 ? '' : `; passed over ${passedOver.join(', ')}`;
  return `trains ${from}${over}`;
}
