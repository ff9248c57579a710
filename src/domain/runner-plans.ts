import type { DatasetManifest } from '../contract/dataset.js';
import type { RunPlan } from '../contract/plan.js';
import type { ExportPlan, GeneratePlan, InitPlan, TokensPlan, TrainPlan } from '../contract/runner-plan.js';
import type { Split } from '../contract/kinds.js';
import { contentKeys, stepFolder } from './store-keys.js';
import type { ResumePoint } from './resume-point.js';
import { TINY_MODEL } from './tiny-model.js';

// The plan files of gpu_runner, made from a run's plan. Paths are relative to the work folder of a node, in which
// datasets and models lie under the same keys as in the object store.

/** PyTorch's default; no peer tunes it. */
const ADAM_EPSILON = 1e-8;

export const datasetFile = (dataset: DatasetManifest, split: Split): string =>
  `${contentKeys.dataset(dataset.id)}/${dataset.splits[split].rendered.file}`;

const modelToLoad = (modelId: string, dataset: DatasetManifest): TokensPlan['model'] => ({
  path: contentKeys.model(modelId),
  special_tokens: dataset.specialTokens,
  stop_token: dataset.stopToken,
});

export function initPlan(plan: RunPlan, dataset: DatasetManifest, output: string): InitPlan {
  return {
    command: 'init',
    seed: plan.training.seed,
    rows: datasetFile(dataset, 'train'),
    special_tokens: dataset.specialTokens,
    stop_token: dataset.stopToken,
    vocabulary_size: TINY_MODEL.vocab_size,
    hidden_size: TINY_MODEL.hidden_size,
    intermediate_size: TINY_MODEL.intermediate_size,
    num_layers: TINY_MODEL.num_hidden_layers,
    num_heads: TINY_MODEL.num_attention_heads,
    max_positions: TINY_MODEL.max_position_embeddings,
    output,
  };
}

/** Counts train and validation only: the test split is read once, at the end. */
export function tokensPlan(plan: RunPlan, dataset: DatasetManifest, modelId: string): TokensPlan {
  return {
    command: 'tokens',
    model: modelToLoad(modelId, dataset),
    context_tokens: plan.training.contextTokens,
    splits: (['train', 'validation'] as const).map((name) => ({ name, rows: datasetFile(dataset, name) })),
  };
}

export function trainPlan(
  plan: RunPlan,
  dataset: DatasetManifest,
  modelId: string,
  options: { jobFolder: string; maxSteps: number | null; resume: ResumePoint | null; skipSteps?: readonly number[] },
): TrainPlan {
  const { training, cluster } = plan;
  return {
    command: 'train',
    seed: training.seed,
    model: modelToLoad(modelId, dataset),
    train_rows: datasetFile(dataset, 'train'),
    validation_rows: options.maxSteps === null ? datasetFile(dataset, 'validation') : null,
    context_tokens: training.contextTokens,
    epochs: training.epochs,
    max_steps: options.maxSteps,
    micro_batch_rows: training.microBatchRows,
    accumulation_steps: training.accumulationSteps,
    world_size: cluster.worldSize,
    learning_rate: training.learningRate,
    schedule: training.schedule,
    warmup_share: training.warmupShare,
    adam_betas: training.adamBetas,
    adam_epsilon: ADAM_EPSILON,
    weight_decay: training.weightDecay,
    gradient_clipping: training.gradientClipping,
    zero_stage: training.zeroStage,
    precision: training.precision,
    activation_checkpointing: training.activationCheckpointing,
    device: cluster.device,
    checkpoint_every_steps: training.checkpointEverySteps,
    checkpoints: `${options.jobFolder}/checkpoints`,
    snapshots: `${options.jobFolder}/epochs`,
    resume:
      options.resume === null
        ? null
        : { step: options.resume.step, path: `${options.jobFolder}/resume/${stepFolder(options.resume.step)}` },
    // To rewind is to stop first: which checkpoint is gone on from is decided outside.
    on_non_finite: training.onNonFinite === 'skip' ? 'skip' : 'stop',
    skip_steps: [...(options.skipSteps ?? [])],
  };
}

export function generatePlan(
  plan: RunPlan,
  dataset: DatasetManifest,
  options: {
    models: readonly { name: string; path: string }[];
    items: string;
    shard: { index: number; count: number };
    predictions: string;
    maxNewTokens: number;
  },
): GeneratePlan {
  return {
    command: 'generate',
    seed: plan.training.seed,
    models: options.models.map(({ name, path }) => ({
      name,
      path,
      special_tokens: dataset.specialTokens,
      stop_token: dataset.stopToken,
    })),
    items: options.items,
    shard: options.shard,
    predictions: options.predictions,
    max_new_tokens: options.maxNewTokens,
    batch_items: plan.evaluation.batchItems,
    sampling: null,
    precision: plan.training.precision,
    device: plan.cluster.device,
  };
}

export const exportPlan = (snapshot: string, card: string, output: string): ExportPlan => ({
  command: 'export',
  snapshot,
  card,
  output,
});
