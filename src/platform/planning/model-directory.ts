import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ModelConfig } from '../../domain/model-shape.js';

const ConfigFile = z.object({
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

/** Any of these lets transformers build a tokenizer. */
const TOKENIZERS = ['tokenizer.json', 'tokenizer.model', 'vocab.json', 'spiece.model'];

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
  if (!names.some((name) => name.endsWith('.safetensors'))) {
    return {
      problem: `expected weights as *.safetensors in ${path}; save the model with save_pretrained(..., safe_serialization=True)`,
    };
  }
  if (!names.some((name) => TOKENIZERS.includes(name))) {
    return {
      problem: `expected a tokenizer in ${path} (one of ${TOKENIZERS.join(', ')}); save it there with tokenizer.save_pretrained`,
    };
  }
  try {
    const config = ConfigFile.safeParse(JSON.parse(await readFile(join(path, 'config.json'), 'utf8')));
    if (config.success) return { config: config.data };
    const missing = config.error.issues.map((issue) => issue.path.join('.') || 'all of it').join(', ');
    return {
      problem: `expected the config of a Llama-like decoder in ${path}/config.json; these fields are missing or wrong: ${missing}`,
    };
  } catch (error) {
    return { problem: `expected JSON in ${path}/config.json: ${String(error)}` };
  }
}
