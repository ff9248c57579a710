import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { SPLITS } from '../../src/contract/kinds.js';
import { taskNamed } from '../../src/tasks/registry.js';

/** Rows enough for about a hundred quick steps and ten checkpoints; what the model learns from them is not the point. */
const ROWS = { train: 300, validation: 24, test: 24 };

/** A request whose whole chain takes about a minute on two idle cores, most of it the start of Python. */
export function shortRequest(folder: string, numRows = ROWS): FineTuningRequestInput {
  const rows = taskNamed('viggo').practiceRows(17);
  mkdirSync(folder, { recursive: true });
  for (const split of SPLITS) {
    const lines = rows[split].slice(0, numRows[split]).map((row) => `${JSON.stringify(row)}\n`);
    writeFileSync(join(folder, `${split}.jsonl`), lines.join(''));
  }
  const file = (split: string): string => `file:${join(folder, `${split}.jsonl`)}`;
  return {
    data: {
      train: file('train'),
      validation: file('validation'),
      test: file('test'),
      mapping: { input: 'input', target: 'target', id: 'id' },
    },
    training: { epochs: 3, contextTokens: 128, batchTokens: 512, checkpointEverySteps: 10 },
    evaluation: { lastEpochs: 1, maxNewTokens: 12 },
  };
}

/** The same as options of the command line. */
export function asOptions(value: object, path: string[] = []): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? asOptions(inner, [...path, key])
      : ['--set', `${[...path, key].join('.')}=${typeof inner === 'string' ? inner : JSON.stringify(inner)}`],
  );
}
