import type { WrongAnswer } from '../../src/contract/report.js';
import { ItemScore } from '../../src/contract/score.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { EvaluationSpec } from '../evaluation/open-evaluation.js';
import { readPredictions, readReferences, scoresKey } from '../evaluation/score-evaluation.js';
import { readRecords, readRequiredRecord } from '../storage/records.js';

/** As many as a person reads. */
const SHOWN = 10;

/** Wrong answers with what was asked for; evenly over the items, not the first ones, and the same each time. */
export async function readWrongAnswers(store: ObjectStore, folder: string, model: string): Promise<WrongAnswer[]> {
  const spec = await readRequiredRecord(store, `${folder}/spec.json`, EvaluationSpec);
  const references = new Map((await readReferences(store, spec, folder)).references.map((row) => [row.id, row]));
  const predictions = new Map(
    (await readPredictions(store, spec, folder)).filter((one) => one.model === model).map((one) => [one.id, one.prediction]),
  );
  const wrong = (await readRecords(store, scoresKey(folder, model), ItemScore)).filter(({ correct }) => !correct);
  const shown = Math.min(SHOWN, wrong.length);
  return wrong
    .filter((_, index) => isPlace(index, shown, wrong.length))
    .map(({ id, verdict, evidence }) => ({
      id,
      input: references.get(id)?.input ?? '',
      target: references.get(id)?.target ?? '',
      prediction: predictions.get(id) ?? '',
      verdict,
      evidence,
    }));
}

/** One of `count` places that are as far apart as can be among `length`, the first included. */
const isPlace = (index: number, count: number, length: number): boolean => (index * count) % length < count;
