import { answerLength } from '../src/domain/answer-length.js';
import { chooseEpoch } from '../src/domain/epoch-choice.js';
import { judgeFailure } from '../src/domain/parking.js';
import { judgeLaunch } from '../src/domain/launch-patience.js';

/**
 * Rules that a workflow asks for as activities: what they decide is then in the history, and a rule may be mended while a run of
 * two weeks goes on.
 */
const decision =
  <Input, Output>(rule: (input: Input) => Output) =>
  (input: Input): Promise<Output> =>
    Promise.resolve().then(() => rule(input));

export const decisions = {
  judgeFailure: decision(judgeFailure),
  judgeLaunch: decision(judgeLaunch),
  chooseEpoch: decision(chooseEpoch),
  answerLength: decision(answerLength),
};
