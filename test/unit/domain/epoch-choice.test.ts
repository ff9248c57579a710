import { describe, expect, test } from 'vitest';
import { chooseEpoch, epochModel, type EpochScore } from '../../../src/domain/epoch-choice.js';
import { failure, thrownBy } from '../../fixtures/failure.js';

const score = (epoch: number, right: number, exact?: number): EpochScore => ({
  model: epochModel(epoch),
  accuracy: { value: right },
  parts: exact === undefined ? {} : { exact: { value: exact } },
});

describe('the epoch', () => {
  test('with the most right answers is chosen', () => {
    expect(chooseEpoch({ candidates: [5, 6, 7], scores: [score(5, 0.9), score(6, 0.94), score(7, 0.93)] })).toEqual({ epoch: 6 });
  });

  test('of equally right ones is the one with more exact answers', () => {
    expect(chooseEpoch({ candidates: [5, 6], scores: [score(5, 0.9, 0.7), score(6, 0.9, 0.8)] })).toEqual({ epoch: 6 });
  });

  test('of equal ones is the earlier, whatever order they come in', () => {
    expect(chooseEpoch({ candidates: [7, 5, 6], scores: [score(7, 0.9), score(6, 0.9), score(5, 0.9)] })).toEqual({ epoch: 5 });
  });

  test('is never one that is no candidate or was not scored', () => {
    expect(chooseEpoch({ candidates: [5, 6], scores: [score(6, 0.5), score(9, 0.99)] })).toEqual({ epoch: 6 });
  });

  test('of none is refused', () => {
    expect(thrownBy(() => chooseEpoch({ candidates: [5], scores: [score(6, 1)] }))).toEqual(
      failure('InvalidData', /no epoch was scored/),
    );
  });
});
