import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import type { OpenedTrajectory } from '../activities/training/open-trajectory.js';
import type { RoundResult } from '../activities/training/close-round.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import { onNode, onNodeLong, records } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import { LeasedNodes } from './leased-nodes.js';
import { followJob, type JobEnd } from './follow-job.js';
import { abandonJob, stopJob } from './stop-job.js';
import { tellIfOpen } from './tell-if-open.js';
import { roundProgressSignal, stopRoundSignal, type RoundProgress } from './messages.js';
import { NodeWatch, type Evidence } from './node-watch.js';

export interface TrainingRoundInput {
  runKey: string;
  fence: number;
  round: string;
  datasetId: string;
  modelId: string;
  /** null: as many steps as the epochs ask for. */
  maxSteps: number | null;
  leaseId: string;
  runWorkflowId: string;
  nodes: LeasedNode[];
  /** Gangs that this owner has formed so far. */
  gang: number;
}

export interface TrainingRoundOutput {
  outcome: 'done' | 'interrupted';
  result: RoundResult | null;
  gang: number;
}

/**
 * Trains until it is done, one gang after the other. A gang is all nodes together: one fails, all stop, and the next one goes on
 * from the newest whole checkpoint.
 */
export async function trainingRound(input: TrainingRoundInput): Promise<TrainingRoundOutput> {
  let { gang } = input;
  const leased = new LeasedNodes(input.nodes, input.leaseId);
  let used = {};
  let stopping = false as boolean;
  setHandler(stopRoundSignal, () => void (stopping = true), { description: 'ends the round with a checkpoint' });
  for (;;) {
    gang += 1;
    const nodes = leased.all;
    if (stopping) return { outcome: 'interrupted', result: null, gang };
    const { exits, evidence } = await runGang({ ...input, nodes, gang }, () => stopping);
    const verdict = await records.judgeGang({ exits, evidence, used, stopping });
    if (verdict.action === 'interrupted') return { outcome: 'interrupted', result: null, gang };
    if (verdict.action === 'done') {
      const result = await records.closeRound({ runKey: input.runKey, fence: input.fence, round: input.round });
      return { outcome: 'done', result, gang };
    }
    await tell(input, { note: verdict.message, failure: { kind: verdict.kind, message: verdict.message } });
    if (verdict.action === 'fail') fail(verdict.kind, verdict.message);
    used = verdict.used;
    await leased.replace(evidence?.lost ?? [], evidence?.message ?? '');
  }
}

/** One gang, from its trajectory to the end of its ranks. */
async function runGang(
  input: TrainingRoundInput,
  shouldStop: () => boolean,
): Promise<{ exits: JobEnd['exits']; evidence: Evidence | null }> {
  const { runKey, fence, gang, round, datasetId, modelId, maxSteps, nodes } = input;
  const opened = await records.openTrajectory({ runKey, fence, gang, round, datasetId, modelId, maxSteps });
  await tell(input, { note: describe(opened, gang), failure: null });
  const watch = new NodeWatch(nodes);
  try {
    const evidence = await prepareGang(input, opened, watch);
    if (evidence !== null) return { exits: [], evidence };
    return await followGang(input, opened, watch, shouldStop);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // A cancelled run stops its ranks, and their logs reach the store, before the nodes go.
    await CancellationScope.nonCancellable(() => abandonJob(nodes, opened.jobId));
    throw error;
  } finally {
    watch.end();
  }
}

/** Every node has what it needs, and the ranks run. Gives evidence instead when a node is lost or a checkpoint is bad. */
async function prepareGang(input: TrainingRoundInput, opened: OpenedTrajectory, watch: NodeWatch): Promise<Evidence | null> {
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
  input: TrainingRoundInput,
  opened: OpenedTrajectory,
  watch: NodeWatch,
  shouldStop: () => boolean,
): Promise<{ exits: JobEnd['exits']; evidence: Evidence | null }> {
  const { nodes } = input;
  const ends = new Map<LeasedNode, JobEnd | Evidence>();
  const scope = new CancellationScope();
  const follows = nodes.map((node) =>
    scope
      .run(() => followJob(node, opened.jobId))
      .catch((error: unknown): JobEnd | Evidence => ({ ...failureOf(error), lost: [] }))
      .then((end) => ends.set(node, end)),
  );
  const failed = (): boolean => [...ends.values()].some((end) => 'lost' in end || end.exits.some(({ kind }) => kind !== null));
  const settled = (): boolean => nodes.every((node) => ends.has(node) || watch.lost.includes(node));
  await condition(() => settled() || failed() || watch.lost.length > 0 || shouldStop());
  const mode = shouldStop() && !failed() && watch.lost.length === 0 ? 'checkpoint' : 'now';
  const left = nodes.filter((node) => !watch.lost.includes(node) && !ends.has(node));
  await Promise.all(left.map((node) => stopJob(node, opened.jobId, mode)));
  await condition(settled);
  scope.cancel();
  await Promise.allSettled(follows);
  const all = [...ends.values()];
  const trouble = all.find((end): end is Evidence => 'lost' in end);
  const exits = all.flatMap((end) => ('lost' in end ? [] : end.exits));
  return { exits, evidence: watch.lost.length > 0 ? watch.evidence() : (trouble ?? null) };
}

function jobOf(opened: OpenedTrajectory, node: LeasedNode): OpenedTrajectory['jobs'][number] {
  return opened.jobs[node.node] ?? fail('RunnerCrashed', `no job was planned for node ${node.node}`);
}

function describe({ trajectory, resume, passedOver }: OpenedTrajectory, gang: number): string {
  const from = resume === null ? 'from the start' : `from step ${resume.step} of trajectory ${resume.trajectory}`;
  const over = passedOver.length === 0 ? '' : `; passed over ${passedOver.join(', ')}`;
  return `gang ${gang} trains trajectory ${trajectory} ${from}${over}`;
}

const tell = (input: TrainingRoundInput, progress: RoundProgress): Promise<void> =>
  tellIfOpen(input.runWorkflowId, (run) => run.signal(roundProgressSignal, progress));
