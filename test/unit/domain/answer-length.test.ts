import { expect, test } from 'vitest';
import { answerLength } from '../../../src/domain/answer-length.js';

test('an answer may be a quarter and 8 tokens longer than any completion of the training rows', () => {
  expect(answerLength({ longestCompletion: 101, requested: null })).toEqual({ maxNewTokens: 127 + 8 });
});

test('a length that was asked for is taken as it is', () => {
  expect(answerLength({ longestCompletion: 100, requested: 20 })).toEqual({ maxNewTokens: 20 });
});
