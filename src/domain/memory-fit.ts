import type { MemoryFit, ModelShape } from '../contract/plan.js';
import type { Precision } from '../contract/kinds.js';

/** Share of a rank's memory that is left to the driver, fragmentation and the allocator. */
const KEPT_FREE = 0.1;

export interface FitQuestion {
  shape: ModelShape;
  worldSize: number;
  memoryBytesPerRank: number;
  precision: Precision;
  contextTokens: number;
  microBatchRows: number;
  zeroStage: number;
  activationCheckpointing: boolean;
}

/**
 * Does one rank hold its share? P parameters on N ranks, bytes a parameter: weights and gradients w each (2 in bf16, 4 in fp32),
 * fp32 master weights and two AdamW moments 12, and in bf16 an fp32 copy of the gradients at the step 4. What a ZeRO stage
 * shards is divided by N: 1 optimizer states, 2 also gradients, 3 also weights.
 * Activations with an attention that keeps no score matrix: 34 b s h bytes a layer in bf16, or 2 b s h a layer and one layer's with
 * recomputation; logits and their gradient 6 b s V. ("Reducing Activation Recomputation in Large Transformer Models", section 4.)
 */
export function memoryFit(question: FitQuestion): MemoryFit {
  const { shape, worldSize: n, precision, zeroStage, activationCheckpointing, microBatchRows } = question;
  const p = shape.parameters;
  const w = precision === 'bf16' ? 2 : 4;
  const gradientCopy = precision === 'bf16' ? 4 : 0;
  const share = (stage: number): number => (zeroStage >= stage ? 1 / n : 1);

  const stateBytes = p * (w * share(3) + w * share(2) + 12 * share(1));
  const stepBytes = stateBytes + p * gradientCopy * share(1);
  // One decoder layer and the embedding are whole while they compute; the next layer is fetched meanwhile.
  const embedding = shape.vocabularySize * shape.hiddenSize;
  const layer = Math.max(0, p - embedding) / shape.layers;
  const gatheredBytes = zeroStage === 3 ? (2 * layer + embedding) * w : 0;

  const tokens = microBatchRows * question.contextTokens;
  const scale = w / 2;
  const oneLayer = 34 * tokens * shape.hiddenSize * scale;
  const activations = activationCheckpointing
    ? 2 * tokens * shape.hiddenSize * shape.layers * scale + oneLayer
    : oneLayer * shape.layers;
  const activationBytes = activations + 6 * tokens * shape.vocabularySize * scale;

  const peakBytes = Math.max(stateBytes + activationBytes, stepBytes) + gatheredBytes;
  const budgetBytes = question.memoryBytesPerRank * (1 - KEPT_FREE);
  return {
    zeroStage,
    activationCheckpointing,
    microBatchRows,
    stateBytes: Math.round(stateBytes),
    stepBytes: Math.round(stepBytes),
    gatheredBytes: Math.round(gatheredBytes),
    activationBytes: Math.round(activationBytes),
    peakBytes: Math.round(peakBytes),
    budgetBytes: Math.round(budgetBytes),
    fits: peakBytes <= budgetBytes,
  };
}
