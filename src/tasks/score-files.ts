import type { ReferenceRow } from '../contract/dataset.js';
import type { Prediction } from '../contract/score.js';
import { Failure } from '../domain/failures.js';
import { scorePredictions, type ScoredPredictions } from './score-predictions.js';
import { readSourceRows } from './source-rows.js';
import type { Task } from './task.js';

/** A JSON Lines file, each line parsed; for messages, its name. */
export interface ParsedFile {
  name: string;
  lines: readonly unknown[];
}

/**
 * The whole of `formwork score` but reading and printing. References are the task's own rows plus `id`
 * (ViGGO: `{"id","ref","mr"}`), or rows as a run stores them (`{"id","group","input","target"}`); predictions are `{"id","prediction"}`.
 * Other keys are ignored, so files that hold more can be given as they are.
 * @throws Failure InvalidData: names file, line and remedy.
 */
export function scoreFiles(task: Task, references: ParsedFile, predictions: ParsedFile): ScoredPredictions {
  return scorePredictions(task, readReferences(task, references), readPredictions(predictions));
}

function readReferences(task: Task, file: ParsedFile): ReferenceRow[] {
  const objects = file.lines.map((line, index) => objectOf(line, file.name, index + 1));
  const isStored = objects[0] !== undefined && 'input' in objects[0] && 'target' in objects[0];
  const columns = { ...(isStored ? { input: 'input', target: 'target' } : task.columns), id: 'id' };
  const records = objects.map((object) => ({ id: object.id, input: object[columns.input], target: object[columns.target] }));
  return readSourceRows({ name: file.name, columns, records }, 'fill it in').map(({ id, input, target, row }) => {
    const reading = task.readTarget(target);
    if (reading.isAccepted) return { id, group: reading.group, input, target };
    const message = `${file.name} row ${row} has no ${task.name} reference in ${JSON.stringify(columns.target)}: ${reading.why}; correct it`;
    throw new Failure('InvalidData', message, { file: file.name, row });
  });
}

function readPredictions(file: ParsedFile): Prediction[] {
  return file.lines.map((line, index) => {
    const { id, prediction } = objectOf(line, file.name, index + 1);
    const idText = typeof id === 'number' ? String(id) : id;
    if (typeof idText === 'string' && idText !== '' && typeof prediction === 'string') return { id: idText, prediction };
    const missing = typeof prediction === 'string' ? 'id' : 'prediction';
    const message = `${file.name} row ${index + 1} has no text in "${missing}": a line is {"id": "...", "prediction": "..."}`;
    throw new Failure('InvalidData', message, { file: file.name, row: index + 1 });
  });
}

function objectOf(line: unknown, name: string, row: number): Record<string, unknown> {
  if (typeof line === 'object' && line !== null && !Array.isArray(line)) return line as Record<string, unknown>;
  throw new Failure('InvalidData', `${name} row ${row} is not a JSON object: a line is one object`, { file: name, row });
}
