import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelConfig } from '../../domain/model-shape.js';
import { weightsProblem } from './weights-files.js';

const ConfigFile = z.object({
  model_type: z.string().min(1),
  architectures: z.array(z.string()).nullish(),
  hidden_size: z.int().min(1),
  intermediate_size: z.int().min(1),
  num_hidden_layers: z.int().min(1),
  num_attention_heads: z.int().min(1),
  num_key_value_heads: z.int().min(1).optional(),
  head_dim: z.int().min(1).optional(),
  vocab_size: z.int().min(1),
  max_position_embeddings: z.int().min(1),
  tie_word_embeddings: z.boolean().optional(),
});

/** What transformers calls a network that predicts the next token. */
const CAUSAL = /(ForCausalLM|LMHeadModel)$/;

/** Any of these lets transformers build a tokenizer. */
const TOKENIZERS = ['tokenizer.json', 'tokenizer.model', 'vocab.json'];
const TokenizerFile = z.object({ model: z.record(z.string(), z.unknown()) });

/** A transformers directory, as far as it can be judged without loading it: its config, or what is wrong with it. */
export async function readModelDirectory(path: string): Promise<{ config: ModelConfig } | { problem: string }> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => error.code ?? String(error));
  if (typeof names === 'string') {
    const reason =
      names === 'ENOENT' ? 'there is no such directory' : names === 'ENOTDIR' ? 'it is a file' : `it cannot be read (${names})`;
    return { problem: `expected a transformers directory at ${path}, but ${reason}` };
  }
  if (!names.includes('config.json'))
    return { problem: `expected config.json in ${path}, found ${names.slice(0, 5).join(', ') || 'nothing'}` };
  const weights = await weightsProblem(path, names);
  if (weights !== null) return { problem: weights };
  const tokenizer = await tokenizerProblem(path, names);
  return tokenizer === null ? readConfig(join(path, 'config.json')) : { problem: tokenizer };
}

async function tokenizerProblem(path: string, names: readonly string[]): Promise<string | null> {
  if (!names.some((name) => TOKENIZERS.includes(name))) {
    return `expected a tokenizer in ${path} (one of ${TOKENIZERS.join(', ')}); save it there with tokenizer.save_pretrained`;
  }
  if (!names.includes('tokenizer.json')) return null;
  const file = join(path, 'tokenizer.json');
  const value = await readJsonFile(file);
  if ('problem' in value) return `${value.problem}; save it again with tokenizer.save_pretrained`;
  return TokenizerFile.safeParse(value.json).success
    ? null
    : `expected a tokenizer with the field "model" in ${file}; save it again with tokenizer.save_pretrained`;
}

async function readConfig(file: string): Promise<{ config: ModelConfig } | { problem: string }> {
  const value = await readJsonFile(file);
  if ('problem' in value) return { problem: `${value.problem}; save the model again with save_pretrained` };
  const parsed = ConfigFile.safeParse(value.json);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => issue.path.join('.') || 'all of it').join(', ');
    return { problem: `expected the config of a Llama-like decoder in ${file}; these fields are missing or wrong: ${wrong}` };
  }
  const { model_type: _, architectures, ...config } = parsed.data;
  if (architectures != null && !architectures.some((name) => CAUSAL.test(name))) {
    return {
      problem: `expected a causal language model (...ForCausalLM) in ${file}, got ${architectures.join(', ')}; give a decoder like Llama`,
    };
  }
  const { hidden_size: size, num_attention_heads: heads, num_key_value_heads: keyHeads = heads } = config;
  if ((config.head_dim === undefined && size % heads !== 0) || heads % keyHeads !== 0) {
    return {
      problem: `expected heads that divide evenly in ${file}, got hidden_size ${size}, num_attention_heads ${heads}, num_key_value_heads ${keyHeads}`,
    };
  }
  return { config };
}

async function readJsonFile(file: string): Promise<{ json: unknown } | { problem: string }> {
  try {
    return { json: JSON.parse(await readFile(file, 'utf8')) };
  } catch (error) {
    return { problem: `expected JSON in ${file}: ${(error as Error).message}` };
  }
}
