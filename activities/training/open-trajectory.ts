import { DatasetManifest } from '../../src/contract/dataset.js';
import type { JobSpec } from '../../src/contract/job.js';
import { RunPlan } from '../../src/contract/plan.js';
import type { Trajectory } from '../../src/contract/checkpoint.js';
import { Failure } from '../../src/domain/failures.js';
import { planInForce, skippedSteps } from '../../src/domain/incidents.js';
import { roundScope } from '../../src/domain/names.js';
import { chooseResumePoint, type ResumePoint } from '../../src/domain/resume-point.js';
import { trainPlan } from '../../src/domain/runner-plans.js';
import { contentKeys, MANIFEST, runKeys, stepFolder, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readIncidents } from '../run/incidents.js';
import { readRequiredRecord, toJson } from '../storage/records.js';
import { readTraining, type TrainingRecord } from './training-record.js';
import type { StagedInput } from './stage-inputs.js';

export interface OpenTrajectoryInput {
  runKey: string;
  fence: number;
  /** Counts the gangs of this owner. */
  gang: number;
  round: string;
  datasetId: string;
  modelId: string;
  /** null: as many as the epochs ask for. */
  maxSteps: number | null;
}

export interface OpenedTrajectory {
  trajectory: number;
  resume: ResumePoint | null;
  /** What was newer than the resume point and could not be used, in words. */
  passedOver: string[];
  /** The same on every node. */
  jobId: string;
  /** One for each node, without the rendezvous. */
  jobs: JobSpec[];
  /** What every node needs. */
  inputs: StagedInput[];
  /** The checkpoint to resume from, staged apart: when this is not whole, another one is taken. */
  checkpoint: StagedInput | null;
}

/** Opens the trajectory of a new gang: from the newest whole checkpoint in the line of descent, or from the start. */
export const openTrajectory =
  (ports: { store: ObjectStore }) =>
  async (input: OpenTrajectoryInput): Promise<OpenedTrajectory> => {
    const { store } = ports;
    const planned = await readRequiredRecord(store, runKeys.plan(input.runKey, input.fence), RunPlan);
    const incidents = await readIncidents(store, input.runKey);
    const plan = planInForce(planned, incidents);
    const dataset = await readRequiredRecord(store, `${contentKeys.dataset(input.datasetId)}/${MANIFEST}`, DatasetManifest);
    const round = runKeys.round(input.runKey, input.round);
    const record = await readTraining(store, round);
    const { resume, passedOver } = chooseResumePoint(record.line, record.checkpoints);
    const inWords = passedOver.map(({ trajectory: t, step, damage }) => `trajectory ${t}, step ${step}: ${damage}`);
    const trajectory = await open(store, round, record, input.fence, { resume, passedOver: inWords });

    const { cluster, training, limits } = plan;
    const root = trajectoryKeys.root(round, trajectory);
    const jobId = `round-${input.round}-t${trajectory}`;
    const runnerPlan = trainPlan(plan, dataset, input.modelId, {
      jobFolder: `jobs/${jobId}`,
      maxSteps: input.maxSteps,
      resume,
      skipSteps: skippedSteps(incidents, roundScope(input.round)),
    });
    const jobs = Array.from({ length: cluster.nodes }, (_, node): JobSpec => ({
      jobId,
      fence: { runKey: input.runKey, owner: input.fence, gang: input.gang },
      plan: runnerPlan,
      ranks: {
        first: node * cluster.ranksPerNode,
        count: cluster.ranksPerNode,
        worldSize: cluster.worldSize,
        threads: cluster.threadsPerRank,
      },
      rendezvous: null,
      limits,
      storePrefix: `${root}/node-${node}`,
      publish: { node, nodes: cluster.nodes, prefix: root, trajectory, keepCheckpoints: training.keepCheckpoints },
    }));
    const inputs: StagedInput[] = [
      { kind: 'folder', key: contentKeys.model(input.modelId), to: contentKeys.model(input.modelId) },
      ...stagedSplits(dataset, input.maxSteps === null ? ['train', 'validation'] : ['train']),
    ];
    return {
      trajectory,
      jobId,
      resume,
      passedOver: inWords,
      jobs,
      inputs,
      checkpoint: resume === null ? null : stagedCheckpoint(round, jobId, resume),
    };
  };

function stagedCheckpoint(round: string, jobId: string, { trajectory, step }: ResumePoint): StagedInput {
  const key = trajectoryKeys.checkpoint(trajectoryKeys.root(round, trajectory), step);
  return { kind: 'folder', key, to: `jobs/${jobId}/resume/${stepFolder(step)}` };
}

/** Files of a dataset that a node needs. The test split is not among them unless it is asked for. */
export function stagedSplits(dataset: DatasetManifest, splits: readonly ('train' | 'validation' | 'test')[]): StagedInput[] {
  return splits.map((split) => {
    const { file, sha256 } = dataset.splits[split].rendered;
    const key = `${contentKeys.dataset(dataset.id)}/${file}`;
    return { kind: 'file', key, to: key, optional: false, sha256 };
  });
}

async function open(
  store: ObjectStore,
  round: string,
  record: TrainingRecord,
  fence: number,
  { resume, passedOver }: { resume: ResumePoint | null; passedOver: string[] },
): Promise<number> {
  const newest = record.trajectories.reduce((most, { trajectory }) => Math.max(most, trajectory), -1);
  const newestFence = Math.max(0, ...record.trajectories.map((trajectory) => trajectory.fence));
  if (newestFence > fence) {
    throw new Failure('RunKeyInUse', `owner ${newestFence} trains this round; this is owner ${fence}`, { newestFence, fence });
  }
  const openedAt = new Date().toISOString();
  const trajectory: Trajectory = { trajectory: newest + 1, fence, forkedFrom: resume, passedOver, openedAt };
  if (!(await store.putIfAbsent(trajectoryKeys.record(round, trajectory.trajectory), toJson(trajectory)))) {
    throw new Failure('StoreUnavailable', `another gang opened trajectory ${trajectory.trajectory} at the same moment`, { round });
  }
  return trajectory.trajectory;
}
