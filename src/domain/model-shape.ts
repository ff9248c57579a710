import type { ModelShape } from '../contract/plan.js';

/** The fields of a transformers config.json that decide the size of a Llama-like model. */
export interface ModelConfig {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads?: number | undefined;
  head_dim?: number | undefined;
  vocab_size: number;
  max_position_embeddings: number;
  tie_word_embeddings?: boolean | undefined;
}

/** Counts the parameters of a decoder with gated MLP, RMS norms and no biases. */
export function modelShape(config: ModelConfig): ModelShape {
  const { hidden_size: h, num_hidden_layers: layers, vocab_size: v } = config;
  const headSize = config.head_dim ?? h / config.num_attention_heads;
  const queries = config.num_attention_heads * headSize;
  const keys = (config.num_key_value_heads ?? config.num_attention_heads) * headSize;
  const attention = 2 * h * queries + 2 * h * keys;
  const mlp = 3 * h * config.intermediate_size;
  const embeddings = (config.tie_word_embeddings === true ? 1 : 2) * v * h;
  return {
    parameters: embeddings + layers * (attention + mlp + 2 * h) + h,
    layers,
    hiddenSize: h,
    vocabularySize: v,
    maxPositions: config.max_position_embeddings,
  };
}

const llama2 = (h: number, inner: number, layers: number, heads: number, keyHeads = heads): ModelConfig => ({
  hidden_size: h,
  intermediate_size: inner,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: keyHeads,
  vocab_size: 32_000,
  max_position_embeddings: 4096,
});

/** Models that can be planned for by name before their weights are at hand. */
export const KNOWN_MODELS: Readonly<Record<string, ModelConfig>> = {
  'llama-2-7b': llama2(4096, 11_008, 32, 32),
  'llama-2-13b': llama2(5120, 13_824, 40, 40),
  'llama-2-70b': llama2(8192, 28_672, 80, 64, 8),
};
