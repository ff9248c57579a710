import { DatasetManifest } from '../../src/contract/dataset.js';
import type { JobSpec } from '../../src/contract/job.js';
import type { RunPlan } from '../../src/contract/plan.js';
import type { RunnerPlan } from '../../src/contract/runner-plan.js';
import { exportPlan, initPlan, tokensPlan } from '../../src/domain/runner-plans.js';
import { contentKeys, MANIFEST, runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readPlanInForce } from '../run/incidents.js';
import { readRequiredRecord } from '../storage/records.js';
import { stagedSplits } from './open-trajectory.js';
import type { StagedInput } from './stage-inputs.js';

/** A gpu_runner command that one rank of one node does. */
export type NodeJob =
  /** Makes the tiny model from the training rows. */
  | { kind: 'init' }
  /** Counts the tokens of the training and validation rows. */
  | { kind: 'tokens'; modelId: string }
  /** Makes the directory that is published; the card is an object in the store. */
  | { kind: 'export'; snapshot: string; card: string };

export interface PlanNodeJobInput {
  runKey: string;
  fence: number;
  gang: number;
  datasetId: string;
  jobId: string;
  job: NodeJob;
}

export interface PlannedNodeJob {
  spec: JobSpec;
  inputs: StagedInput[];
  /** Where the job leaves what it makes, relative to the work folder. */
  output: string;
}

export const planNodeJob =
  (ports: { store: ObjectStore }) =>
  async (input: PlanNodeJobInput): Promise<PlannedNodeJob> => {
    const plan = await readPlanInForce(ports.store, input.runKey, input.fence);
    const dataset = await readRequiredRecord(ports.store, `${contentKeys.dataset(input.datasetId)}/${MANIFEST}`, DatasetManifest);
    const output = `jobs/${input.jobId}/output`;
    const { runnerPlan, inputs } = commandOf(input.job, plan, dataset, output);
    return {
      spec: {
        jobId: input.jobId,
        fence: { runKey: input.runKey, owner: input.fence, gang: input.gang },
        plan: runnerPlan,
        ranks: { first: 0, count: 1, worldSize: 1, threads: plan.cluster.threadsPerRank },
        rendezvous: null,
        limits: plan.limits,
        storePrefix: runKeys.job(input.runKey, input.fence, input.jobId),
        publish: null,
      },
      inputs,
      output,
    };
  };

function commandOf(
  job: NodeJob,
  plan: RunPlan,
  dataset: DatasetManifest,
  output: string,
): { runnerPlan: RunnerPlan; inputs: StagedInput[] } {
  switch (job.kind) {
    case 'init':
      return { runnerPlan: initPlan(plan, dataset, output), inputs: stagedSplits(dataset, ['train']) };
    case 'tokens': {
      const key = contentKeys.model(job.modelId);
      return {
        runnerPlan: tokensPlan(plan, dataset, job.modelId),
        inputs: [{ kind: 'folder', key, to: key }, ...stagedSplits(dataset, ['train', 'validation'])],
      };
    }
    case 'export':
      return {
        runnerPlan: exportPlan(job.snapshot, job.card, output),
        inputs: [
          { kind: 'folder', key: job.snapshot, to: job.snapshot },
          { kind: 'file', key: job.card, to: job.card, optional: false },
        ],
      };
  }
}
