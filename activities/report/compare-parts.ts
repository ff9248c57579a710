import type { RunReport } from '../../src/contract/report.js';
import type { Estimate, ScoreSummary } from '../../src/contract/score.js';
import { Failure } from '../../src/domain/failures.js';

/** The predictors that a report sets side by side, by their names in the evaluation. */
interface Predictors {
  before: ScoreSummary;
  after: ScoreSummary;
  'nearest-neighbour': ScoreSummary;
}

/** The three predictors part by part, in the order of the tuned model's summary. @throws Failure Defect for a part that one of them lacks. */
export function compareParts(predictors: Predictors): RunReport['parts'] {
  const share = (predictor: keyof Predictors, part: string): Estimate => {
    const found = predictors[predictor].parts[part];
    if (found === undefined) {
      const known = Object.keys(predictors[predictor].parts).join(', ');
      throw new Failure(
        'Defect',
        `the summary of ${predictor} has no part ${part}, it has ${known || 'none'}: ` +
          `it was judged by ${predictors[predictor].judge}, the tuned model by ${predictors.after.judge}; score the evaluation again`,
        { predictor, part },
      );
    }
    return found;
  };
  return Object.keys(predictors.after.parts).map((name) => ({
    name,
    before: share('before', name),
    after: share('after', name),
    nearestNeighbour: share('nearest-neighbour', name),
  }));
}
