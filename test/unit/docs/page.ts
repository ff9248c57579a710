import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Text of a page of docs/, e.g. `cli`. */
export const page = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../docs/${name}.md`, import.meta.url)), 'utf8');

/** Rows of every Markdown table of a text whose first column has this heading, cells trimmed; heading and rule left out. */
export function tableRows(text: string, firstHeading: string): string[][] {
  const rows: string[][] = [];
  let isInside = false;
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) isInside = false;
    else {
      const cells = line
        .slice(1, line.trimEnd().length - 1)
        .split('|')
        .map((cell) => cell.trim());
      if (isInside && !/^:?-+:?$/.test(cells[0] as string)) rows.push(cells);
      if (cells[0] === firstHeading) isInside = true;
    }
  }
  return rows;
}

/** What a cell has between backticks; a cell without any has itself. */
export const code = (cell: string): string => /`([^`]*)`/.exec(cell)?.[1] ?? cell;

/** Blocks of a page that are fenced as code, without the fences. */
export const codeBlocks = (text: string): string[] =>
  [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, block]) => block as string);
