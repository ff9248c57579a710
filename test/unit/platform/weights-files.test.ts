import { describe, expect, test } from 'vitest';
import { readdirSync } from 'node:fs';
import { weightsProblem } from '../../../src/platform/planning/weights-files.js';
import { modelFolder, safetensors, SMALL_WEIGHTS } from '../../fixtures/model-folder.js';

const problemOf = (files: Record<string, string | null>): Promise<string | null> => {
  const folder = modelFolder(files);
  return weightsProblem(folder, readdirSync(folder));
};
const index = (weightMap: unknown): string => JSON.stringify({ metadata: { total_size: 8 }, weight_map: weightMap });

describe('weights', () => {
  test('in one file, or in several with an index, have no problem', async () => {
    expect(await problemOf({})).toBeNull();
    const several = { 'model.safetensors': null, 'a.safetensors': SMALL_WEIGHTS, 'b.safetensors': SMALL_WEIGHTS };
    expect(
      await problemOf({ ...several, 'model.safetensors.index.json': index({ x: 'a.safetensors', y: 'b.safetensors' }) }),
    ).toBeNull();
  });

  test('may carry notes in their header', async () => {
    const header = { __metadata__: { format: 'pt' }, weight: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } };
    expect(await problemOf({ 'model.safetensors': safetensors(header, 8) })).toBeNull();
  });
});

describe('what is wrong with weights', () => {
  test.each<[string, string, RegExp]>([
    ['nothing is in the file', '', /it has no header; save the model again/],
    ['it is another format', 'PK\u0003\u0004 and so on', /it has no header/],
    ['it ends in its header', SMALL_WEIGHTS.slice(0, 20), /expected \d+ bytes of header in .*, but it ends after 20 bytes/],
    ['its header is no JSON', `\u0004${'\0'.repeat(7)}{{{{`, /its header cannot be read/],
    [
      'it ends in its data',
      SMALL_WEIGHTS.slice(0, -3),
      /expected (\d+) bytes in .*, as its header says, but it has \d+; save the model again/,
    ],
    ['it goes on after its data', `${SMALL_WEIGHTS}\0`, /as its header says, but it has/],
    ['it is a pointer', 'version https://git-lfs.github.com/spec/v1\n', /Git LFS pointer of 43 bytes; fetch .* git lfs pull/],
  ])('%s', async (_, content, message) => {
    expect(await problemOf({ 'model.safetensors': content })).toMatch(message);
  });

  test('a file of the index is missing', async () => {
    const files = { 'model.safetensors': null, 'a.safetensors': SMALL_WEIGHTS };
    expect(
      await problemOf({ ...files, 'model.safetensors.index.json': index({ x: 'a.safetensors', y: 'b.safetensors' }) }),
    ).toMatch(/expected 2 files of weights .*, but 1 \(b\.safetensors\) are not there; copy the directory again/);
  });

  test.each(['{', '{}', '{"weight_map": 1}'])('the index is %s', async (content) => {
    expect(await problemOf({ 'model.safetensors': null, 'model.safetensors.index.json': content })).toMatch(
      /expected a JSON object with weight_map in .*index\.json/,
    );
  });
});
