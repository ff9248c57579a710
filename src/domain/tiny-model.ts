import { modelShape, type ModelConfig } from './model-shape.js';

/**
 * The built-in model: large enough to learn a small grammar in minutes on a CPU, small enough to need no download.
 * Sizes and learning rate were chosen by trial on ViGGO; docs/tiny-model.md has the numbers.
 */
export const TINY_MODEL = {
  vocab_size: 1024,
  hidden_size: 128,
  intermediate_size: 344,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
} as const satisfies ModelConfig;

export const TINY_TRAINING = {
  epochs: 8,
  learningRate: 4e-3,
  adamBetas: [0.9, 0.98],
  contextTokens: 256,
  batchTokens: 4096,
  checkpointEverySteps: 50,
} as const;

export const tinyShape = modelShape(TINY_MODEL);
