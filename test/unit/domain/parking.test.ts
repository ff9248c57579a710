import { describe, expect, test } from 'vitest';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { FAILURE_KINDS } from '../../../src/contract/kinds.js';
import { judgeFailure, RETRY_FIELDS } from '../../../src/domain/parking.js';

const parks = (kind: (typeof FAILURE_KINDS)[number]): boolean => judgeFailure({ kind, isFinal: false }).parks;

describe('what a run fails of', () => {
  test('ends it at once where what was asked for is wrong, or formwork is', () => {
    expect(FAILURE_KINDS.filter((kind) => !parks(kind))).toEqual([
      ...['InvalidRequest', 'InvalidData', 'DoesNotFit', 'BudgetExceeded', 'RunKeyInUse', 'EnvironmentNotReady', 'Defect'],
    ]);
  });

  test('ends it at once where the plan asks for that', () => {
    expect(judgeFailure({ kind: 'Diverged', isFinal: true })).toEqual({ parks: false });
  });

  test.each(FAILURE_KINDS.filter(parks))('%s parks it, and what would help is the end of a sentence', (kind) => {
    expect(judgeFailure({ kind, isFinal: false })).toMatchObject({
      help: expect.stringMatching(/^[a-z].*[^.]$/) as string,
      takes: RETRY_FIELDS,
    });
  });
});

test.each(RETRY_FIELDS)('%s is a field of the request', (path) => {
  const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], FineTuningRequest.parse({}));
  expect(value).toBeDefined();
});
