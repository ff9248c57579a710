import { Failure } from './failures.js';

/** What is known of a model's answers on validation. */
export interface EpochScore {
  model: string;
  accuracy: { value: number };
  parts: Record<string, { value: number }>;
}

/** Name of the model of an epoch in an evaluation. */
export const epochModel = (epoch: number): string => `epoch-${epoch}`;

/**
 * The epoch with the most right answers on validation; of equal ones that with more exact answers, then the earlier.
 * @throws Failure InvalidData when no candidate was scored.
 */
export function chooseEpoch(input: { candidates: readonly number[]; scores: readonly EpochScore[] }): { epoch: number } {
  const ranked = input.candidates
    .flatMap((epoch) => {
      const score = input.scores.find(({ model }) => model === epochModel(epoch));
      return score === undefined ? [] : [{ epoch, right: score.accuracy.value, exact: score.parts['exact']?.value ?? 0 }];
    })
    .sort((a, b) => b.right - a.right || b.exact - a.exact || a.epoch - b.epoch);
  const [best] = ranked;
  if (best === undefined) throw new Failure('InvalidData', 'no epoch was scored on validation');
  return { epoch: best.epoch };
}
