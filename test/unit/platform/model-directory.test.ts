import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readModelDirectory } from '../../../src/platform/planning/model-directory.js';
import { modelFolder, SMALL_CONFIG } from '../../fixtures/model-folder.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const problemOf = async (path: string): Promise<string> => {
  const found = await readModelDirectory(path);
  if ('config' in found) throw new Error('expected a problem');
  return found.problem;
};

const config = (fields: object): string => JSON.stringify({ model_type: 'llama', ...SMALL_CONFIG, ...fields });

describe('a model directory', () => {
  test('that is whole gives its config', async () => {
    expect(await readModelDirectory(modelFolder())).toEqual({ config: SMALL_CONFIG });
  });

  test('may have fields of its own in its config', async () => {
    const folder = modelFolder({
      'config.json': config({ rope_theta: 10_000, architectures: ['LlamaForCausalLM'] }),
    });
    expect(await readModelDirectory(folder)).toEqual({ config: SMALL_CONFIG });
  });

  test.each(['tokenizer.model', 'vocab.json'])('may have %s for a tokenizer', async (name) => {
    expect(await readModelDirectory(modelFolder({ 'tokenizer.json': null, [name]: '{}' }))).toHaveProperty('config');
  });
});

describe('what is wrong with a model directory', () => {
  test('there is none', async () => {
    const path = join(temporaryFolder(), 'none');
    expect(await problemOf(path)).toBe(`expected a transformers directory at ${path}, but there is no such directory`);
  });

  test('it is a file', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(await problemOf(path)).toMatch(/expected a transformers directory at .*, but it is a file/);
  });

  test('it is empty', async () => {
    const path = join(temporaryFolder(), 'empty');
    mkdirSync(path);
    expect(await problemOf(path)).toBe(`expected config.json in ${path}, found nothing`);
  });

  test('it has other files, which are named', async () => {
    expect(await problemOf(modelFolder({ 'config.json': null, 'readme.md': '' }))).toMatch(/found .*readme\.md/);
  });

  test('it has no safetensors, with how to make them', async () => {
    const folder = modelFolder({ 'model.safetensors': null, 'pytorch_model.bin': 'x' });
    expect(await problemOf(folder)).toMatch(
      /expected weights as model\.safetensors.*save_pretrained\(\.\.\., safe_serialization=True\)/,
    );
  });

  test('it has no tokenizer, with how to save one', async () => {
    expect(await problemOf(modelFolder({ 'tokenizer.json': null }))).toMatch(/expected a tokenizer.*tokenizer\.save_pretrained/);
  });

  test('its config is no JSON', async () => {
    expect(await problemOf(modelFolder({ 'config.json': '{' }))).toMatch(
      /expected JSON in .*config\.json: Expected .*; save the model again with save_pretrained$/,
    );
  });

  test('its config is of another kind of model: every missing field is named', async () => {
    const folder = modelFolder({ 'config.json': JSON.stringify({ n_embd: 768, n_layer: 12, vocab_size: 50_257 }) });
    expect(await problemOf(folder)).toMatch(
      /Llama-like decoder.*: model_type, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, max_position_embeddings$/,
    );
  });

  test('its config has a number that cannot be', async () => {
    const folder = modelFolder({ 'config.json': config({ num_hidden_layers: 0, vocab_size: '1000' }) });
    expect(await problemOf(folder)).toMatch(/missing or wrong: num_hidden_layers, vocab_size$/);
  });

  test.each<[string, object, RegExp]>([
    [
      'heads that do not share its width evenly',
      { hidden_size: 65 },
      /got hidden_size 65, num_attention_heads 2, num_key_value_heads 2/,
    ],
    ['keys that do not share its heads evenly', { num_attention_heads: 4, num_key_value_heads: 3 }, /num_key_value_heads 3$/],
    ['an encoder', { architectures: ['BertModel'] }, /expected a causal language model .*got BertModel; give a decoder/],
  ])('its config is of %s', async (_, fields, message) => {
    expect(await problemOf(modelFolder({ 'config.json': config(fields) }))).toMatch(message);
  });

  test.each<[string, string, RegExp]>([
    ['is no JSON', '{', /expected JSON in .*tokenizer\.json: .*; save it again with tokenizer\.save_pretrained/],
    ['has no model', '{}', /expected a tokenizer with the field "model" in .*tokenizer\.json; save it again/],
  ])('its tokenizer %s', async (_, content, message) => {
    expect(await problemOf(modelFolder({ 'tokenizer.json': content }))).toMatch(message);
  });

  test('its config is no object', async () => {
    expect(await problemOf(modelFolder({ 'config.json': '[]' }))).toMatch(/missing or wrong: all of it$/);
  });
});
