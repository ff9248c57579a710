import type { RunReport } from '../../contract/report.js';
import type { ScoreTable } from '../../contract/score.js';
import { count, estimate } from '../format.js';
import type { Block, Section, Table } from '../report-document.js';

export function parts({ parts: levels, tables, headline }: RunReport): Section | null {
  if (levels.length + tables.length === 0) return null;
  const blocks: Block[] = [];
  if (levels.length > 0) {
    blocks.push({
      kind: 'table',
      caption: `Share of ${headline.split} items whose part is right, each part judged on its own`,
      columns: [
        { name: 'Part' },
        { name: 'Before', numeric: true },
        { name: 'Nearest neighbour', numeric: true },
        { name: 'After', numeric: true },
      ],
      rows: levels.map((part) => [part.name, estimate(part.before), estimate(part.nearestNeighbour), estimate(part.after)]),
    });
  }
  blocks.push(...tables.map(taskTable));
  return { id: 'parts', title: 'Part by part', blocks };
}

/** A table of the task's own, as the task wrote it: strings as they are, numbers grouped. */
function taskTable({ title, columns, rows }: ScoreTable): Table {
  return {
    kind: 'table',
    caption: `${title}, after fine-tuning`,
    columns: columns.map((name, index) => ({
      name,
      numeric: index > 0 && rows.every((row) => typeof row[index] === 'number' || /^[+\u2212-]?\d/.test(row[index] ?? '')),
    })),
    rows: rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell))),
  };
}
