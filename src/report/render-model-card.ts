import type { DatasetManifest } from '../contract/dataset.js';
import type { RunPlan } from '../contract/plan.js';
import type { Comparison, ScoreSummary } from '../contract/score.js';
import { difference, estimate } from './format.js';

export interface ModelCardFacts {
  runKey: string;
  plan: RunPlan;
  dataset: DatasetManifest;
  epoch: number;
  step: number;
  weightsSha256: string;
  comparison: Comparison;
  after: ScoreSummary;
  nearestNeighbour: ScoreSummary;
}

/** The README.md of a published model: what it is, how to ask it, how well it does and on what. */
export function renderModelCard(facts: ModelCardFacts): string {
  const { plan, dataset, comparison } = facts;
  const { training } = plan;
  const practice =
    plan.data.kind === 'practice'
      ? '\n> Trained on practice data made from a grammar, with a toy-sized model or few steps: it shows that the machinery works, not language skill.\n'
      : '';
  return `---
library_name: transformers
tags: [formwork, ${plan.task}, full-parameter]
---
# ${plan.task}, tuned from ${plan.model.name}
${practice}
Full-parameter fine-tuning with formwork ${plan.formworkVersion}, run \`${facts.runKey}\`: epoch ${facts.epoch} of ${training.epochs}, step ${facts.step},
chosen by accuracy on validation. Weights sha256 \`${facts.weightsSha256}\`, data set \`${dataset.id}\`.

## How to ask it

A prompt is \`${dataset.specialTokens[0]}question${dataset.specialTokens[1]}${dataset.specialTokens[2]}\`; the answer ends with \`${dataset.stopToken}\`, which is the
end-of-sequence token of the generation config. Decode greedily.

## How well it does

Right means: ${facts.after.headline}. ${comparison.items} items of the test split in ${facts.after.groups} groups, read once; ${facts.after.interval}.

| | right |
|---|---|
| before tuning | ${estimate(comparison.before)} |
| nearest neighbour of the training rows | ${estimate(facts.nearestNeighbour.accuracy)} |
| this model | ${estimate(comparison.after)} |
| difference to before | ${difference(comparison.difference)} |

## How it was made

| | |
|---|---|
| rows | ${dataset.splits.train.rows} training, ${dataset.splits.validation.rows} validation, ${dataset.splits.test.rows} test, from ${dataset.source} |
| optimizer | AdamW, peak learning rate ${training.learningRate}, ${training.schedule} schedule, ${training.epochs} epochs planned |
| sharding | ZeRO-${training.zeroStage} on ${plan.cluster.worldSize} ranks, ${training.precision} |
| batch | ${training.microBatchRows * training.accumulationSteps * plan.cluster.worldSize} packed rows of ${training.contextTokens} tokens |
| seed | ${training.seed} |
`;
}
