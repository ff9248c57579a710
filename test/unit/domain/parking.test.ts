import { describe, expect, test } from 'vitest';
import { FineTuningRequest } from '../../../src/contract/request.js';
import { FAILURE_KINDS } from '../../../src/contract/kinds.js';
import { judgeFailure, RETRY_FIELDS, type GiveUp, type StageFailure } from '../../../src/domain/parking.js';

const recovery = { attempts: 3, waitMinutes: 2, afterTerminate: false };
const judge = (failure: Pick<StageFailure, 'kind'> & Partial<StageFailure>): GiveUp =>
  judgeFailure({ isFinal: false, tries: 0, recovery, ...failure });
const pause = (failure: Parameters<typeof judge>[0]): number | null => {
  const verdict = judge(failure);
  return verdict.parks ? verdict.againAfterMinutes : null;
};

const parks = (kind: (typeof FAILURE_KINDS)[number]): boolean => judge({ kind }).parks;

describe('what a run fails of', () => {
  test('ends it at once where what was asked for is wrong, or formwork is', () => {
    expect(FAILURE_KINDS.filter((kind) => !parks(kind))).toEqual([
      ...['InvalidRequest', 'InvalidData', 'DoesNotFit', 'RunKeyInUse', 'EnvironmentNotReady', 'Defect'],
    ]);
  });

  test('ends it at once where the plan asks for that', () => {
    expect(judge({ kind: 'Diverged', isFinal: true })).toEqual({ parks: false });
  });

  test.each(FAILURE_KINDS.filter(parks))('%s parks it, and what would help is the end of a sentence', (kind) => {
    expect(judge({ kind })).toMatchObject({
      help: expect.stringMatching(/^[a-z].*[^.]$/) as string,
      update: kind === 'BudgetExceeded' ? 'raiseBudget' : 'retryNow',
      takes: kind === 'BudgetExceeded' ? [] : RETRY_FIELDS,
    });
  });
});

describe('a parked run', () => {
  test('goes on by itself where the cause may pass, and waits for a person where only that one can mend it', () => {
    expect(FAILURE_KINDS.filter((kind) => pause({ kind }) !== null)).toEqual([
      ...['CapacityUnavailable', 'Throttled', 'Unreachable', 'NodeLost', 'Hang', 'LostPeer', 'RankKilled'],
      ...['DiskFull', 'StoreUnavailable', 'CheckpointIncomplete'],
    ]);
  });

  test('waits twice as long each time, and for a person after as many times as its request says', () => {
    expect([0, 1, 2, 3].map((tries) => pause({ kind: 'NodeLost', tries }))).toEqual([2, 4, 8, null]);
    expect(pause({ kind: 'NodeLost', recovery: { ...recovery, attempts: 0 } })).toBeNull();
  });

  test('of a plan that says nothing of it waits for a person', () => {
    expect(judgeFailure({ kind: 'NodeLost', isFinal: false, tries: 0 })).toMatchObject({ parks: true, againAfterMinutes: null });
  });

  test('of which somebody has terminated a part goes on by itself only where the request says so', () => {
    expect(pause({ kind: 'Interrupted' })).toBeNull();
    expect(pause({ kind: 'Interrupted', recovery: { ...recovery, afterTerminate: true } })).toBe(2);
  });
});

test.each(RETRY_FIELDS)('%s is a field of the request', (path) => {
  const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], FineTuningRequest.parse({}));
  expect(value).toBeDefined();
});
