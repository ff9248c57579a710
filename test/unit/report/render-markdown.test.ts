import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { renderMarkdown } from '../../../src/report/render-markdown.js';
import { runReport } from '../../fixtures/run-report.js';
import { HOSTILE, SHOWN_FACTS } from './shown-facts.js';
import { withoutEscapes } from './text-of.js';

const text = renderMarkdown(runReport());

describe('the Markdown report', () => {
  it.each(Object.entries(SHOWN_FACTS))('shows %s', (_, facts) => {
    for (const fact of facts) expect(withoutEscapes(text)).toContain(fact);
  });

  it('has as many cells in every row of a table as in its head', () => {
    expect(tables(text).map((rows) => rows.length)).toHaveLength(14);
    for (const rows of tables(text)) expect(new Set(rows.map(cells)).size).toBe(1);
  });

  it('starts no heading, table, list or code block out of the text of others', () => {
    const structure = (markdown: string): string[] =>
      outsideFences(markdown)
        .filter((line) => /^(#|\|[ -]*---|- |\d+\. |> )/.test(line))
        .map((line) => line.replace(/[^#|\->]+/g, ' '));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...HOSTILE)), (strange) => {
        const hostile = renderMarkdown(report(strange));
        expect(structure(hostile).length).toBe(structure(renderMarkdown(report('x'))).length);
        for (const rows of tables(hostile)) expect(new Set(rows.map(cells)).size).toBe(1);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps target and prediction as they are, behind their signs', () => {
    expect(text).toContain(
      '```diff\n- give_opinion(developer[Larch & Daughter])\n+ request_explanation(developer[Larch & Daughter])\n```',
    );
  });

  it('closes a block of code only with a fence longer than any in it', () => {
    const fenced = renderMarkdown(report('a\n```\nb'));
    expect(fenced).toContain('````text\na\n```\nb\n````');
  });

  it('makes no link and no HTML of a string', () => {
    const hostile = outsideFences(renderMarkdown(report('[x](y) <b>z</b> https://a.b'))).join('\n');
    expect(hostile).not.toMatch(/(?<!\\)\[x|(?<!\\)<b>|(?<!\\):\/\//);
  });
});

const report = (strange: string): ReturnType<typeof runReport> =>
  runReport({
    wrongAnswers: [{ id: 'a', input: strange, target: strange, prediction: strange, verdict: 'v', evidence: strange }],
    tables: [{ title: strange, columns: ['name', 'value'], rows: [[strange, strange]] }],
    counts: [{ split: 'train', step: 'parsed', before: 2, after: 1, why: strange }],
  });

/** Lines that are not inside of a fenced block. */
function outsideFences(markdown: string): string[] {
  let fence: string | null = null;
  return markdown.split('\n').filter((line) => {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence === null && mark !== undefined) {
      fence = mark;
      return false;
    }
    const isInside = fence !== null;
    if (fence !== null && /^`+$/.test(line) && line.length >= fence.length) fence = null;
    return !isInside;
  });
}

function tables(markdown: string): string[][] {
  return outsideFences(markdown)
    .join('\n')
    .split(/\n{2,}/)
    .filter((block) => block.startsWith('|'))
    .map((block) => block.split('\n'));
}

const cells = (row: string): number => row.replace(/\\./g, '').split('|').length;
