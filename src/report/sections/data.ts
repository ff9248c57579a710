import type { RunReport } from '../../contract/report.js';
import { count, counted, percent } from '../format.js';
import type { Block, Section, Table } from '../report-document.js';

export function data(report: RunReport): Section {
  return {
    id: 'data',
    title: 'Data',
    blocks: [
      { kind: 'facts', items: [...source(report), { term: 'Dataset', value: [{ code: report.datasetId }] }] },
      ...(report.counts.length === 0 ? [] : [filters(report)]),
      ...(report.lengths.length === 0 ? [] : [truncation(report), lengths(report)]),
    ],
  };
}

function source({ plan }: RunReport): { term: string; value: string | { code: string }[] }[] {
  const { data: from } = plan;
  if (from.kind === 'practice') return [{ term: 'Source', value: `practice rows, seed ${from.seed}` }];
  const heldOut = `${percent(from.heldOutShare)} of the training groups, held out with seed ${from.seed}`;
  return [
    { term: 'Training rows', value: [{ code: from.train }] },
    { term: 'Validation rows', value: from.validation === null ? heldOut : [{ code: from.validation }] },
    { term: 'Test rows', value: from.test === null ? heldOut : [{ code: from.test }] },
  ];
}

function filters({ counts }: RunReport): Table {
  return {
    kind: 'table',
    caption: 'Rows before and after each filter',
    columns: [
      { name: 'Split' },
      { name: 'Filter' },
      { name: 'Before', numeric: true },
      { name: 'After', numeric: true },
      { name: 'Dropped', numeric: true },
      { name: 'Why', prose: true },
    ],
    rows: counts.map((filter) => [
      filter.split,
      filter.step,
      count(filter.before),
      count(filter.after),
      count(filter.before - filter.after),
      filter.why,
    ]),
  };
}

function truncation({ lengths: splits, plan }: RunReport): Block {
  const cut = splits.reduce((sum, split) => sum + split.truncatedRows, 0);
  const context = `the context of ${counted(plan.training.contextTokens, 'token')}`;
  return {
    kind: 'paragraph',
    text:
      cut === 0
        ? `No row is longer than ${context}.`
        : `${counted(cut, 'row is', 'rows are')} longer than ${context} and lost the end of the target.`,
  };
}

function lengths({ lengths: splits }: RunReport): Table {
  return {
    kind: 'table',
    caption: 'Token lengths',
    columns: [
      { name: 'Split' },
      { name: 'Rows', numeric: true },
      { name: 'Tokens', numeric: true },
      { name: 'Target tokens', numeric: true },
      { name: 'Longest row', numeric: true },
      { name: 'Truncated rows', numeric: true },
    ],
    rows: splits.map((split) => [
      split.split,
      count(split.rows),
      count(split.numTokens),
      count(split.numTargetTokens),
      count(split.longestRow),
      count(split.truncatedRows),
    ]),
  };
}
