import { z } from 'zod';
import { FAILURE_KINDS, RUN_OUTCOMES, STAGES } from './kinds.js';
import { NodeFacts } from './cluster.js';
import { FilterCount } from './dataset.js';
import { Ledger } from './ledger.js';
import { RunPlan } from './plan.js';
import { Comparison, Estimate, ScoreTable } from './score.js';

/** When a stage of one execution ran. */
export const StageRecord = z.strictObject({
  stage: z.enum(STAGES),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  note: z.string().describe('what came of it, or why it was skipped'),
});
export type StageRecord = z.infer<typeof StageRecord>;

export const LossPoint = z.strictObject({
  step: z.int(),
  epoch: z.number(),
  loss: z.number(),
  learningRate: z.number(),
  gradientNorm: z.number(),
  tokensPerSecond: z.number(),
});
export type LossPoint = z.infer<typeof LossPoint>;

export const EpochRecord = z.strictObject({
  epoch: z.int(),
  step: z.int(),
  validationLoss: z.number().nullable(),
  accuracy: Estimate.nullable().describe('on validation; null: not a candidate'),
  chosen: z.boolean(),
});
export type EpochRecord = z.infer<typeof EpochRecord>;

export const WrongAnswer = z.strictObject({
  id: z.string(),
  input: z.string(),
  target: z.string(),
  prediction: z.string(),
  verdict: z.string(),
  evidence: z.string(),
});
export type WrongAnswer = z.infer<typeof WrongAnswer>;

/** What one node has paid to make its parts of checkpoints durable, over all gangs. */
export const UploadCosts = z.strictObject({
  node: z.int(),
  uploads: z.int(),
  bytes: z.int(),
  seconds: z.number().describe('sum over its uploads; training goes on beside them'),
  longestSeconds: z.number(),
  longestWaitSeconds: z.number().describe('from the last shard on its disk to the checkpoint, or its part of it, in the store'),
  passedOver: z.int().describe('parts that gave way to a newer checkpoint while they waited'),
});
export type UploadCosts = z.infer<typeof UploadCosts>;

/** Something that happened to a run on its way, over all its executions. */
export const RunEvent = z.strictObject({
  at: z.iso.datetime(),
  fence: z.int().min(1).describe('of the execution'),
  what: z.string(),
});
export type RunEvent = z.infer<typeof RunEvent>;

/** Everything a report shows, and nothing else: the views are made from this alone and can be made again at any time. */
export const RunReport = z.strictObject({
  runKey: z.string(),
  outcome: z.enum(RUN_OUTCOMES),
  generatedAt: z.iso.datetime(),
  plan: RunPlan.describe('as last used'),
  planChanges: z
    .array(
      z.strictObject({
        at: z.iso.datetime(),
        field: z.string().describe('as in a request, e.g. training.microBatchRows'),
        from: z.string(),
        to: z.string(),
        kind: z.enum(FAILURE_KINDS).describe('what it was changed for'),
        byPerson: z.boolean().describe('by somebody who let a parked run go on; false: by the policy for that failure'),
      }),
    )
    .describe('what took the place of numbers of the plan as it was made, in order'),
  headline: z.strictObject({
    measure: z.string().describe('what counts as right, in words'),
    split: z.literal('test'),
    groups: z.int(),
    interval: z.string().describe('how the intervals were made'),
    comparison: Comparison.describe('before: the model as it came; after: the chosen epoch'),
    nearestNeighbour: Estimate.describe('the answer of the training row with the most similar input'),
    judge: z.string(),
  }),
  parts: z.array(z.strictObject({ name: z.string(), before: Estimate, after: Estimate, nearestNeighbour: Estimate })),
  tables: z.array(ScoreTable).describe('of the chosen epoch on test'),
  wrongAnswers: z.array(WrongAnswer),
  epochs: z.array(EpochRecord),
  loss: z.array(LossPoint),
  training: z.strictObject({
    steps: z.int(),
    numTokens: z.int(),
    numTargetTokens: z.int(),
    packingEfficiency: z.number(),
    seconds: z.number().describe('sum over the steps that were kept'),
    weightsSha256: z.string().describe('of the chosen epoch'),
  }),
  story: z.array(RunEvent).describe('starts, failures, and how the run went on from them, in order'),
  trajectories: z
    .array(
      z.strictObject({
        trajectory: z.int(),
        fence: z.int(),
        forkedFrom: z.string().nullable().describe('e.g. "trajectory 0, step 100"'),
        passedOver: z.array(z.string()).describe('newer checkpoints that could not be used, with step and damage'),
        openedAt: z.iso.datetime(),
      }),
    )
    .describe('one for each time the gang was formed; more than one tells of a resume'),
  uploads: z.array(UploadCosts).describe('one a node'),
  lengths: z.array(
    z.strictObject({
      split: z.string(),
      rows: z.int(),
      numTokens: z.int(),
      numTargetTokens: z.int(),
      longestRow: z.int(),
      truncatedRows: z.int(),
    }),
  ),
  counts: z.array(FilterCount),
  stages: z.array(StageRecord),
  nodes: z.array(NodeFacts),
  ledger: Ledger.nullable().describe('what its nodes have cost, and what for; null: a record of it could not be read'),
  datasetId: z.string(),
});
export type RunReport = z.infer<typeof RunReport>;
