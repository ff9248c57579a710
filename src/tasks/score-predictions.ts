import type { ReferenceRow } from '../contract/dataset.js';
import type { ItemScore, Prediction, ScoreSummary } from '../contract/score.js';
import { Failure } from '../domain/failures.js';
import { countGroups } from './filter-log.js';
import { summariseScores } from './summarise-scores.js';
import type { JudgedItem, Task } from './task.js';

export interface ScoredPredictions {
  /** One for each reference, in their order. */
  scores: ItemScore[];
  summary: ScoreSummary;
}

/**
 * Judges predictions against references. A reference without a prediction counts as wrong.
 * @throws Failure InvalidData: a prediction of an unknown id, or two of one id.
 */
export function scorePredictions(
  task: Task,
  references: readonly ReferenceRow[],
  predictions: readonly Prediction[],
): ScoredPredictions {
  const byId = new Map<string, string>();
  const known = new Set(references.map(({ id }) => id));
  for (const { id, prediction } of predictions) {
    if (!known.has(id)) {
      throw new Failure(
        'InvalidData',
        `the prediction ${JSON.stringify(id)} has no reference among ${known.size}: remove it, or add the row`,
      );
    }
    if (byId.has(id)) throw new Failure('InvalidData', `there are two predictions for ${JSON.stringify(id)}: keep one`);
    byId.set(id, prediction);
  }
  const items: JudgedItem[] = references.map((reference) => {
    const prediction = byId.get(reference.id) ?? null;
    return { reference, prediction, score: task.judgeItem(reference, prediction) };
  });
  return { scores: items.map(({ score }) => score), summary: summariseScores(task, items, countGroups(references)) };
}
