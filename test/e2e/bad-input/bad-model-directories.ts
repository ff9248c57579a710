import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelFolder, safetensors, SMALL_CONFIG, SMALL_WEIGHTS } from '../../fixtures/model-folder.js';
import type { BadRequest } from './bad-input.js';

const INVALID = { kind: 'InvalidRequest', exit: 2 } as const;

/** A request for a model directory with these files; null leaves one out. */
const model =
  (files: Record<string, string | null>, rest: object = {}) =>
  (): unknown => ({ model: `path:${modelFolder(files)}`, ...rest });

const config = (fields: object): string => JSON.stringify({ model_type: 'llama', ...SMALL_CONFIG, ...fields });

export const badModelDirectories: readonly BadRequest[] = [
  {
    ...INVALID,
    title: 'a directory that is not there is refused by its path',
    request: (folder: string): unknown => ({ model: `path:${join(folder, 'none')}` }),
    says: ['- model: expected a transformers directory at /', '/none, but there is no such directory'],
  },
  {
    ...INVALID,
    title: 'a file is refused',
    request: (folder: string): unknown => {
      writeFileSync(join(folder, 'llama.gguf'), 'GGUF');
      return { model: `path:${join(folder, 'llama.gguf')}` };
    },
    says: ['- model: expected a transformers directory at /', '/llama.gguf, but it is a file'],
  },
  {
    ...INVALID,
    title: 'a missing config is refused with what is there',
    request: model({ 'config.json': null }),
    says: ['- model: expected config.json in /', 'found model.safetensors, tokenizer.json'],
  },
  {
    ...INVALID,
    title: 'a config that breaks off is refused by its path',
    request: model({ 'config.json': '{"hidden_size": 64,' }),
    says: ['- model: expected JSON in /', '/config.json: ', 'save the model again with save_pretrained'],
  },
  {
    ...INVALID,
    title: 'a config of another kind of network is refused with the fields that it lacks',
    request: model({ 'config.json': JSON.stringify({ model_type: 'gpt2', n_embd: 768, n_layer: 12, vocab_size: 50_257 }) }),
    says: [
      '- model: expected the config of a Llama-like decoder',
      'missing or wrong: hidden_size, intermediate_size, num_hidden_layers',
    ],
  },
  {
    ...INVALID,
    title: 'an encoder is refused',
    request: model({ 'config.json': config({ architectures: ['BertForMaskedLM'] }) }),
    says: ['- model: expected a causal language model (...ForCausalLM) in /', 'got BertForMaskedLM'],
  },
  {
    ...INVALID,
    title: 'a missing tokenizer is refused with how to save one',
    request: model({ 'tokenizer.json': null }),
    says: ['- model: expected a tokenizer in /', 'tokenizer.save_pretrained'],
  },
  {
    ...INVALID,
    title: 'a tokenizer that breaks off is refused by its path',
    request: model({ 'tokenizer.json': '{"model": {' }),
    says: ['- model: expected JSON in /', '/tokenizer.json: ', 'save it again with tokenizer.save_pretrained'],
  },
  {
    ...INVALID,
    title: 'missing weights are refused with how to save them',
    request: model({ 'model.safetensors': null, 'pytorch_model.bin': 'PK' }),
    says: ['- model: expected weights as model.safetensors in /', 'save_pretrained(..., safe_serialization=True)'],
  },
  {
    ...INVALID,
    title: 'weights that were copied in part are refused with both sizes',
    request: model({ 'model.safetensors': SMALL_WEIGHTS.slice(0, -1) }),
    says: [`- model: expected ${SMALL_WEIGHTS.length} bytes in /`, `but it has ${SMALL_WEIGHTS.length - 1}; save the model again`],
  },
  {
    ...INVALID,
    title: 'a Git LFS pointer instead of weights is refused with how to fetch them',
    request: model({ 'model.safetensors': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n' }),
    says: ['- model: expected weights in /', 'it is a Git LFS pointer', 'git lfs pull'],
  },
  {
    ...INVALID,
    title: 'a shard that is missing is refused by its name',
    request: model({
      'model.safetensors': null,
      'model-00001-of-00002.safetensors': safetensors({}, 0),
      'model.safetensors.index.json': JSON.stringify({
        weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
      }),
    }),
    says: [
      '- model: expected 2 files of weights in /',
      'but 1 (model-00002-of-00002.safetensors) are not there',
      'copy the directory again',
    ],
  },
  {
    ...INVALID,
    title: 'a context that is longer than its positions is refused with both numbers',
    request: model({}, { training: { contextTokens: 300 } }),
    says: ['- training.contextTokens: expected at most 256, the positions of path:/', 'got 300'],
  },
  {
    kind: 'DoesNotFit',
    exit: 2,
    title: 'a model that no rank here can hold is refused with the memory sum and what to change',
    request: model(
      { 'config.json': config({ hidden_size: 16_384, intermediate_size: 53_248, num_hidden_layers: 126, vocab_size: 128_256 }) },
      { cluster: { accelerator: 'cpu' } },
    ),
    says: ['billion parameters) does not fit: a rank needs', 'and may use', 'Ask for about', 'ranks'],
  },
];
