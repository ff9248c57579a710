import type { FilterCount, ReferenceRow, RenderedRow } from '../contract/dataset.js';
import { SPLITS, type Split } from '../contract/kinds.js';
import { Failure } from '../domain/failures.js';
import { splitOfGroup } from '../domain/split.js';
import { countGroups, createFilterLog, type FilterLog } from './filter-log.js';
import { renderRow, specialTokenIn } from './render-row.js';
import { readSourceRows, type SourceFile } from './source-rows.js';
import { TARGET_FILTERS, type Task } from './task.js';

/** Where rows come from; the files are parsed and their columns mapped. A split that is null is held out from the training file. */
export type DatasetSource =
  | { kind: 'practice'; seed: number }
  | {
      kind: 'files';
      train: SourceFile;
      validation: SourceFile | null;
      test: SourceFile | null;
      /** Share of the training groups for each split that is held out, in (0, 0.3]. */
      heldOutShare: number;
      seed: number;
    };

interface PreparedSplit {
  references: ReferenceRow[];
  /** Row for row as `references`. */
  rendered: RenderedRow[];
  groups: number;
}

export interface PreparedDataset {
  splits: Record<Split, PreparedSplit>;
  counts: FilterCount[];
}

/**
 * From a source to the rows of the three splits: read, filtered, held out, rendered, with a count before and after every step.
 * Pure: the same source gives the same rows in the same order.
 * @throws Failure InvalidData: what a person has to mend, by file and row; or a split that is left without rows.
 */
export function prepareDataset(task: Task, source: DatasetSource): PreparedDataset {
  const log = createFilterLog();
  const read = source.kind === 'practice' ? readPractice(task, source.seed, log) : readFiles(task, source, log);
  const rows = withoutTrainOverlap(deduplicated(read, log), log);
  const splits = Object.fromEntries(SPLITS.map((split) => [split, preparedSplit(split, rows)]));
  return { splits: splits as Record<Split, PreparedSplit>, counts: log.counts };
}

type Rows = Record<Split, ReferenceRow[]>;

function readPractice(task: Task, seed: number, log: FilterLog): Rows {
  const rows = task.practiceRows(seed);
  for (const split of SPLITS)
    log.add(split, 'generated', rows[split].length, rows[split].length, `practice rows from seed ${seed}`);
  return rows;
}

function readFiles(task: Task, source: Extract<DatasetSource, { kind: 'files' }>, log: FilterLog): Rows {
  const train = readFile(task, source.train, 'train', log);
  const given = {
    validation: source.validation && readFile(task, source.validation, 'validation', log),
    test: source.test && readFile(task, source.test, 'test', log),
  };
  const shares = { validation: given.validation ? 0 : source.heldOutShare, test: given.test ? 0 : source.heldOutShare };
  const rows: Rows = { train: [], validation: given.validation ?? [], test: given.test ?? [] };
  for (const row of train) rows[splitOfGroup(row.group, shares, source.seed)].push(row);
  for (const split of ['validation', 'test'] as const) {
    if (given[split]) continue;
    const groups = countGroups(rows[split]);
    log.add(
      split,
      'held_out',
      0,
      rows[split].length,
      `${groups} groups of ${source.train.name}, by a hash of group and seed ${source.seed}`,
    );
  }
  const leftOver = `${train.length - rows.train.length} rows held out for the splits without a file`;
  if (rows.train.length < train.length) log.add('train', 'held_out', train.length, rows.train.length, leftOver);
  return rows;
}

/** The rows of a file whose target the task accepts. */
function readFile(task: Task, file: SourceFile, split: Split, log: FilterLog): ReferenceRow[] {
  const rows: ReferenceRow[] = [];
  const refused: { row: number; place: string; step: string; why: string }[] = [];
  for (const { row, place, id, input, target } of readSourceRows(file, 'fill it in, or name the right column in data.mapping')) {
    const token = specialTokenIn(input) ?? specialTokenIn(target);
    if (token !== null) {
      const message = `${file.name} ${place} contains the special token ${token}: remove it from the text`;
      throw new Failure('InvalidData', message, { file: file.name, row, token });
    }
    const reading = task.readTarget(target);
    if (reading.isAccepted) rows.push({ id, group: reading.group, input, target });
    else refused.push({ row, place, step: reading.step, why: reading.why });
  }
  const first = refused[0];
  if (rows.length === 0 && first !== undefined) {
    const message =
      `${file.name} has no usable row: of ${refused.length}, each was refused; ${first.place}: ${first.why}; ` +
      `check that data.mapping.target (${JSON.stringify(file.columns.target)}) names the ${task.name} targets`;
    throw new Failure('InvalidData', message, { file: file.name, row: first.row });
  }
  let before = rows.length + refused.length;
  for (const step of TARGET_FILTERS) {
    const dropped = refused.filter((refusal) => refusal.step === step);
    const example = dropped[0] === undefined ? 'nothing dropped' : `first dropped: row ${dropped[0].row}, ${dropped[0].why}`;
    log.add(split, step, before, before - dropped.length, `${file.name}: ${example}`);
    before -= dropped.length;
  }
  return rows;
}

/** The first of several rows with the same input and target stays. */
function deduplicated(rows: Rows, log: FilterLog): Rows {
  return mapSplits((split) => {
    const seen = new Set<string>();
    const kept = rows[split].filter(({ input, target }) => {
      const key = JSON.stringify([input, target]);
      return !seen.has(key) && seen.add(key);
    });
    log.add(split, 'deduplicated', rows[split].length, kept.length, 'rows with the input and the target of an earlier row');
    return kept;
  });
}

/**
 * Training rows with the very input of a held-out row are dropped: they would be answers learnt by heart.
 * A held-out row that shares only its group with training rows stays, since the owner of the files split them so; how many do is counted.
 */
function withoutTrainOverlap(rows: Rows, log: FilterLog): Rows {
  const heldOut = new Set([...rows.validation, ...rows.test].map(({ input }) => input));
  const train = rows.train.filter(({ input }) => !heldOut.has(input));
  log.add('train', 'overlap', rows.train.length, train.length, 'rows with the input of a validation or test row');
  const trainGroups = new Set(train.map(({ group }) => group));
  for (const split of ['validation', 'test'] as const) {
    const shared = rows[split].filter(({ group }) => trainGroups.has(group)).length;
    log.add(
      split,
      'overlap',
      rows[split].length,
      rows[split].length,
      `none dropped; ${shared} rows share their group with training rows`,
    );
  }
  return { ...rows, train };
}

function preparedSplit(split: Split, rows: Rows): PreparedSplit {
  const references = rows[split];
  if (references.length === 0) {
    const remedy =
      split === 'train'
        ? 'give more rows, or a smaller data.heldOutShare'
        : `give a file as data.${split}, training rows of more groups than ${countGroups(rows.train)}, or a larger data.heldOutShare`;
    throw new Failure('InvalidData', `there are no ${split} rows: ${remedy}`, { split });
  }
  return { references, rendered: references.map(renderRow), groups: countGroups(references) };
}

const mapSplits = (rowsOf: (split: Split) => ReferenceRow[]): Rows => ({
  train: rowsOf('train'),
  validation: rowsOf('validation'),
  test: rowsOf('test'),
});
