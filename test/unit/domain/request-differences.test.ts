import { expect, test } from 'vitest';
import { FineTuningRequest, type FineTuningRequestInput } from '../../../src/contract/request.js';
import { requestDifferences } from '../../../src/domain/request-differences.js';

const between = (a: FineTuningRequestInput, b: FineTuningRequestInput): string[] =>
  requestDifferences(FineTuningRequest.parse(a), FineTuningRequest.parse(b));

test('a request does not differ from itself, spelled out or not', () => {
  expect(between({}, { training: { epochs: FineTuningRequest.parse({}).training.epochs } })).toEqual([]);
});

test('requests differ in the paths whose values differ', () => {
  expect(between({ training: { epochs: 2 }, model: 'path:a' }, { data: { train: 'file:x.csv' } }).sort()).toEqual([
    'data.train',
    'model',
    'training.epochs',
  ]);
});

test('key and deadline may change: neither says what the work is', () => {
  expect(between({ runKey: 'a', deadlineMinutes: 10 }, { runKey: 'b' })).toEqual([]);
});
