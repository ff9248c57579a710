import type { TaskName } from '../contract/kinds.js';
import type { DataSource } from '../contract/plan.js';
import { parseSource, type SourceContents } from './parse-source.js';
import { prepareDataset } from './prepare-dataset.js';
import { taskNamed } from './registry.js';

/**
 * Goes through the rows as preparation will, and keeps nothing: what is wrong with them is known before anything is leased or stored.
 * @throws Failure InvalidData as `parseSource` and `prepareDataset` do.
 */
export function checkRows(task: TaskName, data: DataSource, contents: SourceContents): void {
  // Practice rows are our own, and making them takes longer than reading files.
  if (data.kind === 'files') prepareDataset(taskNamed(task), parseSource(data, contents));
}
