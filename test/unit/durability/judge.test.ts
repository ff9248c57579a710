import { describe, expect, test } from 'vitest';
import type { FaultExpectation } from '../../../src/domain/fault-expectation.js';
import { judge } from '../../durability/judge.js';
import type { Measured } from '../../durability/result.js';

const measured = (changes: Partial<Measured> = {}): Measured => ({
  name: 'row',
  what: 'SIGKILL to rank 0',
  step: 47,
  outcome: 'completed',
  cause: 'RankKilled',
  noticedAfter: 3,
  againAfter: 20,
  contactAfter: 2,
  goneAfter: 4,
  stepsRedone: 17,
  stepsOfUpload: 4,
  checkpointEverySteps: 30,
  ranksRestarted: 2,
  ranksChanged: 0,
  toldTwice: 0,
  weightsEqual: true,
  lossesEqual: true,
  usedDamaged: false,
  seconds: 100,
  ...changes,
});

describe('a row whose gang has to form again', () => {
  const expected: FaultExpectation = {
    training: 'forms again',
    cause: 'RankKilled',
    clock: 'fault',
    noticedWithin: 15,
    againWithin: 60,
    intervals: 1,
  };

  test('passes within its limits', () => {
    expect(judge(expected, measured({ stepsRedone: 34 }))).toEqual([]);
  });

  test.each<[Partial<Measured>, RegExp]>([
    [{ outcome: 'failed' }, /ended as failed/],
    [{ weightsEqual: false }, /weights/],
    [{ lossesEqual: false }, /losses/],
    [{ toldTwice: 1 }, /1 steps told twice/],
    [{ cause: 'Hang' }, /cause is told as Hang/],
    [{ noticedAfter: 15.1 }, /noticed after 15.1 s; 15 s are allowed/],
    [{ noticedAfter: null }, /noticed: not seen/],
    [{ againAfter: 61 }, /training again after 61.0 s/],
    [{ stepsRedone: 35 }, /35 steps done again; 34 are allowed/],
    [{ usedDamaged: true }, /damaged checkpoint/],
  ])('fails with %o', (changes, problem) => {
    expect(judge(expected, measured(changes))).toEqual([expect.stringMatching(problem)]);
  });
});

describe('a row whose ranks must not notice', () => {
  const expected: FaultExpectation = { training: 'goes on', contactWithin: 30 };
  const untouched = { ranksRestarted: 0, stepsRedone: 0 };

  test('passes within its limit', () => {
    expect(judge(expected, measured(untouched))).toEqual([]);
  });

  test.each<[Partial<Measured>, RegExp]>([
    [{ outcome: 'open' }, /ended as open/],
    [{ weightsEqual: false }, /weights/],
    [{ contactAfter: 31 }, /contact after 31.0 s/],
    [{ contactAfter: null }, /contact: not seen/],
    [{ ranksRestarted: 2 }, /2 ranks restarted/],
    [{ ranksChanged: 1 }, /1 ranks that are other processes/],
    [{ stepsRedone: 1 }, /1 steps done again/],
  ])('fails with %o', (changes, problem) => {
    expect(judge(expected, measured({ ...untouched, ...changes }))).toEqual([expect.stringMatching(problem)]);
  });

  test('has nothing to be late where no worker was hit', () => {
    expect(judge({ training: 'goes on', contactWithin: null }, measured({ ...untouched, contactAfter: null }))).toEqual([]);
  });
});

describe('a row that ends the run', () => {
  const expected: FaultExpectation = { training: 'ends', outcome: 'cancelled', clock: 'fault', goneWithin: 120 };
  const ended = { outcome: 'cancelled', weightsEqual: null, lossesEqual: null, stepsRedone: 0 };

  test('passes when its machines go in time', () => {
    expect(judge(expected, measured(ended))).toEqual([]);
  });

  test.each<[Partial<Measured>, RegExp]>([
    [{ outcome: 'failed' }, /ended as failed, not as cancelled/],
    [{ goneAfter: 121 }, /machines gone after 121.0 s/],
    [{ goneAfter: null }, /machines gone: not seen/],
    [{ toldTwice: 2 }, /2 steps told twice/],
  ])('fails with %o', (changes, problem) => {
    expect(judge(expected, measured({ ...ended, ...changes }))).toEqual([expect.stringMatching(problem)]);
  });
});
