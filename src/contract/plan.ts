import { z } from 'zod';
import { ON_NON_FINITE, PRECISIONS, PROVIDERS, SCHEDULES, TASKS } from './kinds.js';
import { FineTuningRequest } from './request.js';

/** The shape of a decoder-only Llama-like network, as its config.json gives it. */
export const ModelShape = z.strictObject({
  parameters: z.int().min(1).describe('all parameters, input embedding and output layer included'),
  layers: z.int().min(1),
  hiddenSize: z.int().min(1),
  vocabularySize: z.int().min(1),
  maxPositions: z.int().min(1).describe('longest context, tokens'),
});
export type ModelShape = z.infer<typeof ModelShape>;

/** Bytes of one rank, term by term; see domain/memory-fit.ts for the formulas. */
export const MemoryFit = z.strictObject({
  zeroStage: z.int().min(0).max(3),
  activationCheckpointing: z.boolean(),
  microBatchRows: z.int().min(1),
  stateBytes: z.int().describe('parameters, gradients and optimizer states held through forward and backward'),
  stepBytes: z.int().describe('the same at the optimizer step, with the fp32 copy of the gradients; activations are freed by then'),
  gatheredBytes: z.int().describe('ZeRO-3: the layers that are whole at one time'),
  activationBytes: z.int().describe('activations and logits of one micro-batch'),
  peakBytes: z.int().describe('the larger of states with activations and states at the step, gathered layers included'),
  budgetBytes: z.int().describe('memory of one rank less the share kept free'),
  fits: z.boolean(),
});
export type MemoryFit = z.infer<typeof MemoryFit>;

export const DataSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('practice'), seed: z.int() }),
  z.strictObject({
    kind: z.literal('files'),
    train: z.string().describe('absolute path'),
    validation: z.string().nullable().describe('absolute path; null: held out from train by group'),
    test: z.string().nullable().describe('absolute path; null: held out from train by group'),
    mapping: z.strictObject({ input: z.string(), target: z.string(), id: z.string().nullable() }),
    heldOutShare: z.number(),
    seed: z.int(),
  }),
]);
export type DataSource = z.infer<typeof DataSource>;

const ModelSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tiny') }),
  z.strictObject({ kind: z.literal('named') }).describe('known by name only: good for a plan, not for a run'),
  z.strictObject({ kind: z.literal('directory'), path: z.string().describe('absolute path of a transformers directory') }),
]);

/** How long ranks may go without a sign of progress before the gang counts as hung, seconds. */
export const RankLimits = z.strictObject({
  setupSeconds: z.number().describe('from start to the first step, and of any phase without steps'),
  stepSeconds: z.number().describe('between two steps, or two batches of predictions'),
  checkpointSeconds: z.number().describe('for writing a checkpoint or a snapshot'),
});
export type RankLimits = z.infer<typeof RankLimits>;

/** A request with every choice made. Recorded in history, so that later defaults do not change a running run. */
export const RunPlan = z.strictObject({
  formworkVersion: z.string(),
  request: FineTuningRequest,
  task: z.enum(TASKS),
  data: DataSource,
  model: z.strictObject({ name: z.string(), source: ModelSource, shape: ModelShape }),
  training: z.strictObject({
    epochs: z.int(),
    learningRate: z.number(),
    adamBetas: z.tuple([z.number(), z.number()]),
    schedule: z.enum(SCHEDULES),
    warmupShare: z.number(),
    weightDecay: z.number(),
    gradientClipping: z.number(),
    contextTokens: z.int(),
    microBatchRows: z.int().describe('packed rows of one forward pass of one rank'),
    accumulationSteps: z.int().describe('forward passes of one rank in one optimizer step'),
    zeroStage: z.int(),
    precision: z.enum(PRECISIONS),
    activationCheckpointing: z.boolean(),
    checkpointEverySteps: z.int(),
    keepCheckpoints: z.int(),
    onNonFinite: z.enum(ON_NON_FINITE),
    seed: z.int(),
  }),
  cluster: z.strictObject({
    provider: z.enum(PROVIDERS),
    nodes: z.int(),
    ranksPerNode: z.int(),
    worldSize: z.int(),
    device: z.enum(['cpu', 'cuda']),
    threadsPerRank: z.int().min(1),
    memoryBytesPerRank: z.int(),
    leaseMinutes: z.int().describe('a node that nobody renews ends itself after this'),
    pricePerNodeHourUsd: z.number().default(0).describe('plans of versions that knew no price have none'),
  }),
  memory: z.strictObject({ chosen: MemoryFit, considered: z.array(MemoryFit) }),
  evaluation: z.strictObject({
    maxNewTokens: z.int().nullable().describe('null: from the lengths of the training rows, once they are counted'),
    batchItems: z.int(),
    validationItems: z.int().nullable().describe('null: all'),
    lastEpochs: z.int(),
  }),
  limits: RankLimits,
  deadlineMinutes: z.int(),
  // Plans of versions that knew no caps have none.
  maxSpendUsd: z.number().nullable().default(null),
  maxHourlyUsd: z.number().nullable().default(null),
  parkedNodesMinutes: z.int().describe('how long a parked run keeps its nodes'),
  // A run of an earlier version has none in its record.
  recovery: z
    .strictObject({ attempts: z.int(), waitMinutes: z.int(), afterTerminate: z.boolean() })
    .default(() => FineTuningRequest.shape.recovery.parse({})),
});
export type RunPlan = z.infer<typeof RunPlan>;
