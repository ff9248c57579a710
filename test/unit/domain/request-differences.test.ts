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

test('key, times and the price may change: none says what the work is', () => {
  const limits = { setupSeconds: 600, stepSeconds: 600, checkpointSeconds: 600 };
  const times = { deadlineMinutes: 10, parkedNodesMinutes: 0, cluster: { leaseMinutes: 5, pricePerNodeHourUsd: 2 }, limits };
  expect(between({ runKey: 'a', ...times }, { runKey: 'b' })).toEqual([]);
});
