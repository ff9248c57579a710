import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readAssignments, readRequest } from '../../../src/cli/read-request.js';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { failure } from '../../fixtures/failure.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const read = (set: string[], file?: string): Promise<FineTuningRequest> => readRequest(file, { set });

function requestFile(text: string): string {
  const path = join(temporaryFolder(), 'request.json');
  writeFileSync(path, text);
  return path;
}

test('without file and options it is the default request', async () => {
  expect(await read([])).toEqual(FineTuningRequest.parse({}));
});

describe('--set', () => {
  test.each([
    ['training.epochs=4', { training: { epochs: 4 } }],
    ['dryRun=true', { dryRun: true }],
    ['runKey=null', { runKey: null }],
    ['runKey=viggo-4', { runKey: 'viggo-4' }],
    ['training.learningRate=1e-3', { training: { learningRate: 0.001 } }],
    ['data={"seed": 3, "heldOutShare": 0.2}', { data: { seed: 3, heldOutShare: 0.2 } }],
    // Only the first equals sign parts path and value; what is not JSON is text as it stands.
    ['data.mapping.input=a=b', { data: { mapping: { input: 'a=b' } } }],
    ['data.mapping.input={', { data: { mapping: { input: '{' } } }],
  ])('%s', async (assignment, expected) => {
    expect(await read([assignment])).toMatchObject(expected);
  });

  test('a text that is JSON needs its quotes to stay a text', async () => {
    await expect(read(['runKey=7'])).rejects.toEqual(failure('InvalidRequest', /runKey: expected .*got 7/));
    expect(await read(['runKey="7"'])).toMatchObject({ runKey: '7' });
  });

  test('a later one wins over an earlier one and over the file, and leaves the rest of the file', async () => {
    const file = requestFile('{"training": {"epochs": 9, "seed": 5}}');
    const { training } = await read(['training.epochs=2', 'training.epochs=3'], file);
    expect(training).toMatchObject({ epochs: 3, seed: 5 });
  });

  test.each([
    ['training.epochs', /--set training\.epochs: expected path=value, e\.g\. training\.epochs=4/],
    ['=4', /--set =4: expected path=value/],
    ['model.path=x', /--set model\.path=x: model is a value, not an object with fields/],
    ['training.epoch=4', /training\.epoch: unknown field; the nearest known one is epochs/],
    ['training.epochs=many', /training\.epochs: expected .*got "many"/],
    ['constructor.x=1', /constructor/],
    ['__proto__.epochs=4', /__proto__ is no field of a request/],
    ['training.__proto__.epochs=4', /__proto__ is no field of a request/],
  ])('%s is refused', async (assignment, message) => {
    await expect(read([assignment], requestFile('{"model": "tiny"}'))).rejects.toEqual(failure('InvalidRequest', message));
    expect(({} as Record<string, unknown>)['epochs']).toBeUndefined();
  });
});

describe('a request file', () => {
  test.each([
    ['', /request\.json is not JSON: .*; correct it there/],
    ['{"training": {"epochs": 4}', /request\.json is not JSON/],
    ['[]', /- the request: expected an object, got \[\]/],
    ['"tiny"', /- the request: expected an object, got "tiny"/],
  ])('%s is refused with what a request is', async (text, message) => {
    await expect(read([], requestFile(text))).rejects.toEqual(failure('InvalidRequest', message));
  });

  test('with null is the request of all defaults, as it is at a start in the Web UI', async () => {
    expect(await read([], requestFile('null'))).toEqual(await read([]));
  });

  test('that is not there is named, with the reason', async () => {
    const missing = join(temporaryFolder(), 'none.json');
    await expect(read([], missing)).rejects.toEqual(
      failure('InvalidRequest', /none\.json cannot be read \(ENOENT\); give the path/),
    );
  });
});

test('paths are made absolute from where the command runs, and nothing else is', async () => {
  const file = requestFile(
    JSON.stringify({
      model: 'path:models/m',
      data: { train: 'file:data/train.csv', validation: 'auto', test: 'file:/data/test.csv' },
    }),
  );
  expect(await read([], file)).toMatchObject({
    model: `path:${join(process.cwd(), 'models/m')}`,
    data: { train: `file:${join(process.cwd(), 'data/train.csv')}`, validation: 'auto', test: 'file:/data/test.csv' },
  });
});

test('assignments alone keep their paths, since the receiver has the request', () => {
  expect(readAssignments(['training.microBatchRows=2', 'model=tiny'])).toEqual({ training: { microBatchRows: 2 }, model: 'tiny' });
  expect(() => readAssignments(['training'])).toThrow('expected path=value');
  expect(() => readAssignments(['training.__proto__.epochs=4'])).toThrow('no field of a request');
});
