import { Failure } from '../../src/domain/failures.js';
import type { ModelScore } from './score-evaluation.js';

/** The epoch with the most right answers on validation; of equal ones that with more exact answers, then the earlier. */
// eslint-disable-next-line @typescript-eslint/require-await -- an activity is asynchronous
export const chooseEpoch = async (input: {
  candidates: readonly number[];
  scores: readonly ModelScore[];
}): Promise<{ epoch: number }> => {
  const ranked = input.candidates
    .flatMap((epoch) => {
      const score = input.scores.find(({ model }) => model === `epoch-${epoch}`);
      return score === undefined ? [] : [{ epoch, right: score.accuracy.value, exact: score.parts['exact']?.value ?? 0 }];
    })
    .sort((a, b) => b.right - a.right || b.exact - a.exact || a.epoch - b.epoch);
  const [best] = ranked;
  if (best === undefined) throw new Failure('InvalidData', 'no epoch was scored on validation');
  return { epoch: best.epoch };
};
