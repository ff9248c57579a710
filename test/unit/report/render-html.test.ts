import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../../src/report/render-html.js';
import { visibleText } from '../../../src/report/visible-text.js';
import { runReport } from '../../fixtures/run-report.js';
import { HOSTILE, SHOWN_FACTS } from './shown-facts.js';
import { textOf } from './text-of.js';

const page = await renderHtml(runReport());
const harmless = await renderHtml(
  runReport({
    wrongAnswers: [{ id: 'x', input: 'x', target: 'x', prediction: 'x', verdict: 'x', evidence: 'x' }],
    tables: [{ title: 'x', columns: ['x', 'x'], rows: [['x', 'x']] }],
  }),
);

describe('the HTML report', () => {
  it.each(Object.entries(SHOWN_FACTS))('shows %s', (_, facts) => {
    const text = textOf(page);
    for (const fact of facts) expect(text).toContain(fact);
  });

  it('refers to nothing outside itself and runs nothing', () => {
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<(script|iframe|object|embed|img|base)\b/i);
    expect(page).not.toMatch(/\son[a-z]+\s*=/i);
    expect(
      [...page.matchAll(/\b(?:href|src)="([^"]*)"/g)].map((match) => match[1]).filter((target) => !target?.startsWith('#')),
    ).toEqual(['data:,']);
    expect(page).not.toMatch(/url\(|@import/);
  });

  it('is the same, made again from the same record', async () => {
    expect(await renderHtml(runReport())).toBe(page);
  });

  it('draws each of the four charts once for a wide column and once for a phone', () => {
    expect(page.match(/<svg\s+class="wide"/g)).toHaveLength(4);
    expect(page.match(/<svg\s+class="narrow"/g)).toHaveLength(4);
  });

  it('describes each chart with its numbers for readers who do not see it', () => {
    const descriptions = [...page.matchAll(/role="img"\s+aria-label="([^"]*)"/g)].map((match) => textOf(match[1] ?? ''));
    expect(descriptions).toHaveLength(8);
    expect(descriptions[0]).toContain('after 94.2 % [91.8, 96.0]');
    expect(descriptions.some((text) => text.includes('Validation loss by epoch: 1: 1.221'))).toBe(true);
    expect(descriptions.some((text) => text.includes('epoch 7 93.8 % [91.0, 96.2]'))).toBe(true);
    expect(descriptions.some((text) => text.includes('train 6 min 42 s'))).toBe(true);
  });

  it('gives every table a caption, every column and every row a header with its scope', () => {
    const tables = [...page.matchAll(/<table>[\s\S]*?<\/table>/g)].map(([table]) => table);
    expect(tables).toHaveLength(13);
    for (const table of tables) {
      expect(table).toContain('<caption>');
      expect(table.match(/<th /g)).toHaveLength((table.match(/scope="(col|row)"/g) ?? []).length);
      expect((table.match(/scope="row"/g) ?? []).length).toBe((table.match(/<tr[ >]/g) ?? []).length - 1);
    }
  });

  it('marks what prediction and target do not share', () => {
    expect(page).toContain('<dd class="answer"><mark>give_opinion</mark>(developer[Larch &#38; Daughter])</dd>');
    expect(page).toContain('<dd class="answer"><mark>request_explanation</mark>(developer[Larch &#38; Daughter])</dd>');
  });

  it.each(HOSTILE)('shows hostile text as text: %j', async (text) => {
    const hostile = await renderHtml(
      runReport({
        wrongAnswers: [{ id: text, input: text, target: text, prediction: text, verdict: text, evidence: text }],
        tables: [{ title: text, columns: [text, text], rows: [[text, text]] }],
        stages: runReport().stages.map((stage) => ({ ...stage, note: text })),
      }),
    );
    expect(hostile).not.toMatch(/<(script|img|!--)|<!\[CDATA/i);
    expect(hostile.replace(/"[^"]*"/g, '""')).not.toMatch(/<[a-z]+[^>]*\son[a-z]+=/i);
    expect(hostile).toContain(`<dd class="input">${escapedByHand(text)}</dd>`);
    // As many elements as with harmless text: nothing was opened and nothing was closed.
    expect(tags(hostile)).toBe(tags(harmless));
  });

  it('names the highest number of wrong answers as ten', async () => {
    const [answer] = runReport().wrongAnswers;
    if (answer === undefined) throw new Error('the fixture has no wrong answer');
    const many = await renderHtml(runReport({ wrongAnswers: Array.from({ length: 14 }, () => answer) }));
    expect(many.match(/<article>/g)).toHaveLength(13);
  });
});

const tags = (html: string): number => (html.match(/<\/?[a-z][^>]*>/gi) ?? []).length;

const escapedByHand = (text: string): string =>
  visibleText(text)
    .replaceAll('&', '&#38;')
    .replaceAll('<', '&#60;')
    .replaceAll('>', '&#62;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;');
