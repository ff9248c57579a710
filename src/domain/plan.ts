import type { MemoryFit, ModelShape, RankLimits, RunPlan } from '../contract/plan.js';
import type { Precision } from '../contract/kinds.js';
import type { FineTuningRequest } from '../contract/request.js';
import { gpuMemoryBytes } from './accelerators.js';
import { Failure } from './failures.js';
import { chooseMemory, type MemoryAnswer } from './memory-choice.js';
import { KNOWN_MODELS, modelShape, type ModelConfig } from './model-shape.js';
import { describeProblems, type RequestProblem } from './request-problems.js';
import { capProblems } from './spend-cap.js';
import { TINY_TRAINING, tinyShape } from './tiny-model.js';

/** What a plan depends on beside the request. */
export interface PlanFacts {
  formworkVersion: string;
  machine: { cpuCores: number; memoryBytes: number; gpus: readonly { name: string; memoryBytes: number }[] };
  /** config.json of a path: model; null for any other. */
  modelConfig: ModelConfig | null;
  /** Makes a path of the request absolute. */
  absolute: (path: string) => string;
}

/** Batch and context for a pre-trained model: the case study's 256 rows of 512 tokens. */
const PRETRAINED = {
  // Long enough to learn a form; more begins to cost what was known before.
  epochs: 3,
  learningRate: 2e-5,
  adamBetas: [0.9, 0.999],
  contextTokens: 512,
  batchTokens: 131_072,
  checkpointEverySteps: 100,
} as const;

/** Loading 13 GB of weights on a cold node takes minutes; a step of 131,072 tokens of a 7B model on one GPU takes about 15 s. */
const GPU_LIMITS: RankLimits = { setupSeconds: 1800, stepSeconds: 300, checkpointSeconds: 1200 };
/** Imports take 20 s on two busy cores and a tiny step under a second; a stand-still of minutes is none of the two. */
const CPU_LIMITS: RankLimits = { setupSeconds: 300, stepSeconds: 120, checkpointSeconds: 120 };

/**
 * Makes every choice that a request leaves open.
 * @throws Failure InvalidRequest with all problems, or DoesNotFit with the memory sum and the number to change.
 */
export function resolvePlan(request: FineTuningRequest, facts: PlanFacts): RunPlan {
  const problems: RequestProblem[] = [];
  const data = resolveData(request, facts, problems);
  const model = resolveModel(request, facts, problems);
  const cluster = resolveCluster(request, facts);
  const { worldSize } = cluster;
  problems.push(...capProblems(request, cluster));
  const batch = model === null ? null : resolveBatch(request, model, worldSize, problems);
  if (data === null || model === null || batch === null || problems.length > 0) throw invalid(problems);

  const { defaults, contextTokens, rowsPerRank } = batch;
  const micro = request.training.microBatchRows;
  const precision = resolvePrecision(request, cluster.device);
  const answer = chooseMemory({
    shape: model.shape,
    worldSize,
    memoryBytesPerRank: cluster.memoryBytesPerRank,
    precision,
    contextTokens,
    rowsPerRank,
    stages: stagesToTry(request, model.source.kind === 'tiny', worldSize),
    microBatchRows: micro === 'auto' ? null : micro,
    activationCheckpointing: request.training.activationCheckpointing === 'auto' ? null : request.training.activationCheckpointing,
  });
  if (answer.chosen === null) throw doesNotFit(answer, model, worldSize);
  const { chosen } = answer;

  const { training, evaluation } = request;
  const epochs = training.epochs === 'auto' ? defaults.epochs : training.epochs;
  return {
    formworkVersion: facts.formworkVersion,
    request,
    task: request.task,
    data,
    model,
    training: {
      epochs,
      learningRate: training.learningRate === 'auto' ? defaults.learningRate : training.learningRate,
      adamBetas: [...defaults.adamBetas],
      schedule: training.schedule,
      warmupShare: training.warmupShare,
      weightDecay: training.weightDecay,
      gradientClipping: training.gradientClipping,
      contextTokens,
      microBatchRows: chosen.microBatchRows,
      accumulationSteps: rowsPerRank / chosen.microBatchRows,
      zeroStage: chosen.zeroStage,
      precision,
      activationCheckpointing: chosen.activationCheckpointing,
      checkpointEverySteps:
        training.checkpointEverySteps === 'auto' ? defaults.checkpointEverySteps : training.checkpointEverySteps,
      keepCheckpoints: training.keepCheckpoints,
      onNonFinite: training.onNonFinite,
      seed: training.seed,
    },
    cluster,
    memory: { chosen, considered: answer.considered },
    evaluation: {
      maxNewTokens: evaluation.maxNewTokens === 'auto' ? null : evaluation.maxNewTokens,
      batchItems: evaluation.batchItems,
      validationItems: evaluation.validationItems === 'all' ? null : evaluation.validationItems,
      lastEpochs: Math.min(evaluation.lastEpochs, epochs),
    },
    limits: resolveLimits(request, cluster.device),
    deadlineMinutes: request.deadlineMinutes,
    maxSpendUsd: request.maxSpendUsd,
    maxHourlyUsd: request.maxHourlyUsd,
    parkedNodesMinutes: request.parkedNodesMinutes,
    recovery: request.recovery,
  };
}

function resolveData({ data }: FineTuningRequest, facts: PlanFacts, problems: RequestProblem[]): RunPlan['data'] | null {
  if (data.train === 'practice') {
    for (const split of ['validation', 'test'] as const) {
      if (data[split] !== 'auto' && data[split] !== 'practice') {
        problems.push({
          path: `data.${split}`,
          message: `expected auto or practice beside practice training rows, got "${data[split]}"`,
        });
      }
    }
    return { kind: 'practice', seed: data.seed };
  }
  const file = (split: 'train' | 'validation' | 'test'): string | null => {
    const source = data[split];
    if (split !== 'train' && source === 'auto') return null;
    if (source.startsWith('file:') && source.length > 'file:'.length) return facts.absolute(source.slice('file:'.length));
    const otherwise = split === 'train' ? 'practice' : 'auto';
    problems.push({ path: `data.${split}`, message: `expected ${otherwise} or file:<path>, got "${source}"` });
    return null;
  };
  const [train, validation, test] = [file('train'), file('validation'), file('test')];
  if (train === null) return null;
  return { kind: 'files', train, validation, test, mapping: data.mapping, heldOutShare: data.heldOutShare, seed: data.seed };
}

function resolveModel({ model }: FineTuningRequest, facts: PlanFacts, problems: RequestProblem[]): RunPlan['model'] | null {
  if (model === 'tiny') return { name: model, source: { kind: 'tiny' }, shape: tinyShape };
  // A bare look-up would also find what every object inherits, e.g. "constructor".
  const known = Object.hasOwn(KNOWN_MODELS, model) ? KNOWN_MODELS[model] : undefined;
  if (known !== undefined) return { name: model, source: { kind: 'named' }, shape: modelShape(known) };
  if (model.startsWith('path:') && facts.modelConfig !== null) {
    return {
      name: model,
      source: { kind: 'directory', path: facts.absolute(model.slice('path:'.length)) },
      shape: modelShape(facts.modelConfig),
    };
  }
  problems.push({
    path: 'model',
    message: `expected tiny, path:<directory>, or to plan only one of ${Object.keys(KNOWN_MODELS).join(', ')}; got "${model}"`,
  });
  return null;
}

interface Batch {
  defaults: typeof TINY_TRAINING | typeof PRETRAINED;
  contextTokens: number;
  /** Packed rows of one rank in one optimizer step. */
  rowsPerRank: number;
}

function resolveBatch(
  { training }: FineTuningRequest,
  model: RunPlan['model'],
  worldSize: number,
  problems: RequestProblem[],
): Batch {
  const defaults = model.source.kind === 'tiny' ? TINY_TRAINING : PRETRAINED;
  const { maxPositions } = model.shape;
  const contextTokens = training.contextTokens === 'auto' ? Math.min(defaults.contextTokens, maxPositions) : training.contextTokens;
  if (contextTokens > maxPositions) {
    problems.push({
      path: 'training.contextTokens',
      message: `expected at most ${maxPositions}, the positions of ${model.name}, got ${contextTokens}`,
    });
  }
  const batchTokens = training.batchTokens === 'auto' ? defaults.batchTokens : training.batchTokens;
  const rowsPerRank = Math.max(1, Math.round(batchTokens / contextTokens / worldSize));
  const micro = training.microBatchRows;
  if (micro !== 'auto' && rowsPerRank % micro !== 0) {
    problems.push({
      path: 'training.microBatchRows',
      message: `expected a divisor of ${rowsPerRank}, the rows of ${contextTokens} tokens that each of ${worldSize} ranks has in a batch of ${batchTokens} tokens, got ${micro}`,
    });
  }
  return { defaults, contextTokens, rowsPerRank };
}

function resolveCluster({ cluster }: FineTuningRequest, { machine }: PlanFacts): RunPlan['cluster'] {
  const worldSize = cluster.nodes * cluster.ranksPerNode;
  // A rank without a GPU of its own would wait for the others: then all compute on the CPU.
  const hasGpus = machine.gpus.length >= worldSize;
  const accelerator = cluster.accelerator === 'auto' && !hasGpus ? 'cpu' : cluster.accelerator;
  const { provider, nodes, ranksPerNode, leaseMinutes, pricePerNodeHourUsd } = cluster;
  const base = { provider, nodes, ranksPerNode, worldSize, leaseMinutes, pricePerNodeHourUsd };
  // All nodes of the local provider share this machine.
  const threadsPerRank = Math.max(1, Math.floor(machine.cpuCores / worldSize));
  if (accelerator === 'cpu') {
    return { ...base, device: 'cpu', threadsPerRank, memoryBytesPerRank: Math.floor(machine.memoryBytes / worldSize) };
  }
  const memoryBytesPerRank =
    accelerator === 'auto' ? Math.min(...machine.gpus.map((gpu) => gpu.memoryBytes)) : gpuMemoryBytes(accelerator);
  return { ...base, device: 'cuda', threadsPerRank, memoryBytesPerRank };
}

function resolveLimits({ limits }: FineTuningRequest, device: 'cpu' | 'cuda'): RankLimits {
  const defaults = device === 'cuda' ? GPU_LIMITS : CPU_LIMITS;
  const limit = (name: keyof RankLimits): number => (limits[name] === 'auto' ? defaults[name] : limits[name]);
  return {
    setupSeconds: limit('setupSeconds'),
    stepSeconds: limit('stepSeconds'),
    checkpointSeconds: limit('checkpointSeconds'),
  };
}

function resolvePrecision({ training }: FineTuningRequest, device: 'cpu' | 'cuda'): Precision {
  return training.precision === 'auto' ? (device === 'cuda' ? 'bf16' : 'fp32') : training.precision;
}

function stagesToTry({ training }: FineTuningRequest, tiny: boolean, worldSize: number): readonly number[] {
  if (training.zeroStage !== 'auto') return [training.zeroStage];
  if (worldSize === 1) return [0];
  // Any stage holds the tiny model; 2 shows sharding of gradients and optimizer states at no cost.
  return tiny ? [2] : [1, 2, 3];
}

function doesNotFit(answer: MemoryAnswer, model: { name: string; shape: ModelShape }, worldSize: number): Failure {
  const least = answer.considered.reduce((a, b) => (b.peakBytes < a.peakBytes ? b : a));
  const ranks = Math.ceil((worldSize * least.peakBytes) / least.budgetBytes);
  return new Failure(
    'DoesNotFit',
    `${model.name} (${(model.shape.parameters / 1e9).toFixed(2)} billion parameters) does not fit: a rank needs ${memorySum(least)} ` +
      `and may use ${gigabytes(least.budgetBytes)}. Ask for about ${ranks} ranks (cluster.nodes x cluster.ranksPerNode), for accelerators with more memory, ` +
      'or lower training.microBatchRows or training.contextTokens.',
    { considered: answer.considered },
  );
}

/** The sum of one rank in words, e.g. "40.4 GB at the step (ZeRO-1: ...)". */
export function memorySum(fit: MemoryFit): string {
  const gathered = fit.gatheredBytes === 0 ? '' : `, ${gigabytes(fit.gatheredBytes)} gathered layers`;
  return (
    `${gigabytes(fit.peakBytes)} (ZeRO-${fit.zeroStage}: ${gigabytes(fit.stateBytes)} states and ${gigabytes(fit.activationBytes)} activations, ` +
    `${gigabytes(fit.stepBytes)} at the step${gathered})`
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

const invalid = (problems: readonly RequestProblem[]): Failure =>
  new Failure('InvalidRequest', describeProblems(problems), { problems: [...problems] });
