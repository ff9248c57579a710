import { log } from '@temporalio/workflow';
import type { Split } from '../src/contract/kinds.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { ModelScore } from '../activities/evaluation/score-evaluation.js';
import { longRecords, onNode } from './acts.js';
import { failureOf } from './failure-kind.js';
import { LeasedNodes } from './leased-nodes.js';
import { workNewsSignal, type WorkNews } from './messages.js';
import { runJob } from './run-job.js';
import { tellIfOpen } from './tell-if-open.js';

export interface EvaluationInput {
  runKey: string;
  fence: number;
  gang: number;
  /** Names its folder in the store. */
  id: string;
  datasetId: string;
  split: Split;
  /** null: all of the split. */
  items: number | null;
  models: { name: string; key: string }[];
  maxNewTokens: number;
  leaseId: string;
  runWorkflowId: string;
  /** How often a person has let the run go on. */
  retries: number;
  nodes: LeasedNode[];
}

/** Lets models answer the items of a split, shared out over the nodes, and judges what they wrote. */
export async function evaluation(input: EvaluationInput): Promise<ModelScore[]> {
  const { nodes, leaseId, runWorkflowId, retries, ...rest } = input;
  const tell = (news: WorkNews): Promise<void> =>
    tellIfOpen(runWorkflowId, (run) => run.signal(workNewsSignal, { fence: input.fence, news }));
  const leased = new LeasedNodes(nodes, leaseId);
  const opened = await longRecords.openEvaluation({ ...rest, shards: nodes.length });
  await Promise.all(
    opened.shards.map(async (shard, index) => {
      const store = (): Promise<void> => onNode(leased.at(index).taskQueue).storePredictions(shard.predictions);
      // Predictions saved on the way out spare the next execution work; without them it only does more.
      const keep = (): Promise<void> =>
        store().catch((error: unknown) => log.warn('predictions not kept', { reason: failureOf(error).message }));
      await runJob(leased, { node: index, spec: shard.spec, inputs: shard.inputs, retries, tell, whenStopped: keep });
      await store();
    }),
  );
  return longRecords.scoreEvaluation({ runKey: input.runKey, id: input.id });
}
