import { log } from '@temporalio/workflow';
import type { Split } from '../src/contract/kinds.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { ModelScore } from '../activities/evaluation/score-evaluation.js';
import { longRecords, onNode } from './acts.js';
import { failureOf } from './failure-kind.js';
import { runJob } from './run-job.js';

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
  nodes: LeasedNode[];
}

/** Lets models answer the items of a split, shared out over the nodes, and judges what they wrote. */
export async function evaluation(input: EvaluationInput): Promise<ModelScore[]> {
  const { nodes, ...rest } = input;
  const opened = await longRecords.openEvaluation({ ...rest, shards: nodes.length });
  await Promise.all(
    opened.shards.map(async (shard, index) => {
      const node = nodes[index] as LeasedNode;
      const store = (): Promise<void> => onNode(node.taskQueue).storePredictions(shard.predictions);
      // Predictions saved on the way out spare the next execution work; without them it only does more.
      const keep = (): Promise<void> =>
        store().catch((error: unknown) => log.warn('predictions not kept', { reason: failureOf(error).message }));
      await runJob(node, shard.spec, shard.inputs, keep);
      await store();
    }),
  );
  return longRecords.scoreEvaluation({ runKey: input.runKey, id: input.id });
}
