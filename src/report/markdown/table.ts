import type { Table } from '../report-document.js';
import { escaped } from './escape.js';
import { inline } from './inline.js';

export function table({ caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `**${escaped(caption)}**`,
    '',
    line(columns.map((column) => escaped(column.name))),
    line(columns.map((column) => (column.numeric === true ? '---:' : '---'))),
    ...rows.map((cells) => line(cells.map((cell) => inline(cell, true)))),
  ].join('\n');
}
