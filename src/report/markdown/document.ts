import type { Block, ReportDocument, Section } from '../report-document.js';
import { answers } from './answers.js';
import { escaped, fenced, paragraph } from './escape.js';
import { inline } from './inline.js';
import { table } from './table.js';

export function markdownDocument({ title, origin, lead, blocks, sections }: ReportDocument): string {
  return `${[`# ${inline(title)}`, origin.map(escaped).join(' · '), paragraph(inline(lead)), ...blocks.map(block), ...sections.map(section)].join('\n\n')}\n`;
}

const section = ({ title, blocks }: Section): string => [`## ${escaped(title)}`, ...blocks.map(block)].join('\n\n');

function block(content: Block): string {
  switch (content.kind) {
    case 'paragraph':
      return paragraph(inline(content.text));
    case 'note':
      return `> **${escaped(content.title)}.** ${inline(content.text)}`;
    case 'figures':
      return table({
        kind: 'table',
        caption: 'Result',
        columns: [{ name: '' }, { name: 'Share', numeric: true }, { name: 'Interval', numeric: true }],
        rows: content.items.map(({ label, value, detail, main }) => [label, main === true ? [{ strong: value }] : value, detail]),
      });
    case 'facts':
      return content.items.map(({ term, value }) => `- **${escaped(term)}:** ${inline(value)}`).join('\n');
    case 'table':
      return table(content);
    case 'chart':
      return `*${inline(content.chart.title)}.*`;
    case 'answers':
      return answers(content.answers);
    case 'json':
      return `<details><summary>${escaped(content.title)}</summary>\n\n${fenced('json', JSON.stringify(content.value, null, 2))}\n\n</details>`;
    case 'columns':
      return content.columns.flat().map(block).join('\n\n');
  }
}
