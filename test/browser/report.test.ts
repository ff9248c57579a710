import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STAGES } from '../../src/contract/kinds.js';
import type { RunReport } from '../../src/contract/report.js';
import { renderHtml } from '../../src/report/render-html.js';
import { visibleText } from '../../src/report/visible-text.js';
import { runReport } from '../fixtures/run-report.js';
import { launchChromium, noChromium } from './chromium.js';
import { contrast } from './contrast.js';
import {
  chartTexts,
  clippedElements,
  pageOverflow,
  parsedPage,
  scrolledTables,
  textColours,
  type Box,
  type ChartTexts,
} from './in-page.js';

// A test that did not run must not look like one that passed.
if (noChromium !== null) process.stderr.write(`test/browser/report.test.ts ${noChromium}\n`);

const PHONE = 390;
const DESKTOP = 1280;
/** 180 mm at the 96 pixels an inch of CSS. */
const A4_WIDTH = 680;
const views = [PHONE, DESKTOP].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));

// The least that WCAG 2.2 asks of text of normal size at level AA.
const LEAST_CONTRAST = 4.5;

describe.skipIf(noChromium !== null)('the HTML report in Chromium', () => {
  let browser: Browser;
  let html: string;

  beforeAll(async () => {
    [browser, html] = await Promise.all([launchChromium(), renderHtml(runReport())]);
  }, 60_000);
  afterAll(() => browser.close());

  describe.each(views)('at $width px, $scheme', ({ width, scheme }) => {
    let page: Page;
    const heard: string[] = [];

    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      page.on('console', (message) => heard.push(message.text()));
      page.on('pageerror', (error) => heard.push(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith('data:')) heard.push(request.url());
      });
      await page.setContent(html, { waitUntil: 'load' });
    });
    afterAll(() => page.close());

    it('asks nothing of the network and reports no error', () => {
      expect(heard).toEqual([]);
    });

    it('is no wider than the window, and nothing is cut off', async () => {
      expect(await page.evaluate(pageOverflow)).toBe(0);
      expect(await page.evaluate(clippedElements)).toEqual([]);
    });

    it('shows every text with enough contrast', async () => {
      const colours = await page.evaluate(textColours);
      expect(colours.length).toBeGreaterThan(300);
      expect(colours.filter(({ ink, paper }) => contrast(ink, paper) < LEAST_CONTRAST)).toEqual([]);
    });

    it('shows four charts of readable size whose words neither overlap nor leave the chart', async () => {
      expectReadable(await page.evaluate(chartTexts));
    });
  });

  it('shows every table whole on a desktop', async () => {
    const page = await browser.newPage({ viewport: { width: DESKTOP, height: 900 } });
    await page.setContent(html);
    expect(await page.evaluate(scrolledTables)).toEqual([]);
    await page.close();
  });

  it('is light on a light screen and dark on a dark one, charts included', async () => {
    const grounds: string[] = [];
    const chartInks: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: { width: DESKTOP, height: 900 }, colorScheme });
      await page.setContent(html);
      const colours = await page.evaluate(textColours);
      grounds.push(colours[0]?.paper ?? '');
      chartInks.push(colours.find(({ text }) => text === 'optimizer step')?.ink ?? '');
      await page.close();
    }
    expect(contrast(grounds[0] ?? '', 'rgb(255, 255, 255)')).toBeLessThan(1.2);
    expect(contrast(grounds[1] ?? '', 'rgb(0, 0, 0)')).toBeLessThan(1.5);
    expect(chartInks[0]).not.toBe(chartInks[1]);
  });

  it.each([PHONE, DESKTOP])('keeps its charts readable at %i px for a long run with shares at both ends', async (width) => {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.setContent(await renderHtml(longRun()));
    expectReadable(await page.evaluate(chartTexts));
    await page.close();
  });

  it('fits a printed page of A4 with margins of 15 mm, and prints in light colours from a dark screen', async () => {
    const page = await browser.newPage({ viewport: { width: A4_WIDTH, height: 900 } });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.setContent(html);
    expect(await page.evaluate(pageOverflow)).toBe(0);
    expect(await page.evaluate(clippedElements)).toEqual([]);
    expect(contrast((await page.evaluate(textColours))[0]?.paper ?? '', 'rgb(255, 255, 255)')).toBeLessThan(1.2);
    await page.close();
  });

  it('holds words without a space in the window of a phone', async () => {
    const long = 'x'.repeat(600);
    const [answer] = runReport().wrongAnswers;
    if (answer === undefined) throw new Error('the fixture has no wrong answer');
    const page = await browser.newPage({ viewport: { width: PHONE, height: 900 } });
    await page.setContent(
      await renderHtml(
        runReport({
          runKey: long,
          wrongAnswers: [{ ...answer, id: long, input: long, target: long, prediction: `${long}y`, verdict: long, evidence: long }],
          tables: [{ title: long, columns: [long, long], rows: [[long, long]] }],
        }),
      ),
    );
    expect(await page.evaluate(pageOverflow)).toBe(0);
    await page.close();
  });

  it('gives back any text of a wrong answer, and opens no element for it', async () => {
    const tab = await browser.newPage();
    const parse = async (text: string) => {
      const answer = { id: text, input: text, target: text, prediction: `${text} more`, verdict: text, evidence: text };
      // Three charts less, which have no part in this and take most of the time.
      const page = await renderHtml(runReport({ wrongAnswers: [answer], loss: [], epochs: [], stages: [] }));
      return tab.evaluate(parsedPage, { html: page, selector: '.answers dd, .answers code' });
    };
    const { others } = await parse('x');
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...MARKUP) })), async (text) => {
        const parsed = await parse(text);
        const shown = visibleText(text);
        expect(parsed.texts).toEqual([shown, shown, shown, shown, visibleText(`${text} more`), shown]);
        expect(parsed.others).toBe(others);
      }),
      { numRuns: 60 },
    );
    await tab.close();
  }, 120_000);
});

/** 60 epochs of 2,000 steps over three days; all right but for the neighbour. */
function longRun(): RunReport {
  const { headline, loss } = runReport();
  const all = { value: 1, low: 0.997, high: 1 };
  const day = (days: number): string => new Date(Date.UTC(2026, 0, 1) + days * 86_400_000).toISOString();
  const [point] = loss;
  if (point === undefined) throw new Error('the fixture has no step');
  return runReport({
    generatedAt: day(3.2),
    headline: {
      ...headline,
      nearestNeighbour: { value: 0.7, low: 0.4, high: 0.98 },
      comparison: { ...headline.comparison, before: all, after: all },
    },
    loss: Array.from({ length: 120_000 }, (_, index) => ({ ...point, step: index + 1, loss: 12 / (1 + index) })),
    epochs: Array.from({ length: 60 }, (_, index) => ({
      epoch: index + 1,
      step: (index + 1) * 2000,
      validationLoss: 0.5 / (index + 1),
      accuracy: all,
      chosen: index === 59,
    })),
    stages: STAGES.map((stage, index) => ({ stage, startedAt: day(index / 4), endedAt: day((index + 0.99) / 4), note: '' })),
  });
}

/** Four charts with words of a size to read, none of which leaves its chart or covers another. */
function expectReadable(charts: ChartTexts[]): void {
  expect(charts).toHaveLength(4);
  for (const { chart, texts } of charts) {
    expect(texts.length).toBeGreaterThan(5);
    for (const { text, box } of texts) {
      expect(box.bottom - box.top, text).toBeGreaterThan(11);
      expect(box.left >= chart.left - 1 && box.right <= chart.right + 1, text).toBe(true);
      expect(box.top >= chart.top - 1 && box.bottom <= chart.bottom + 1, text).toBe(true);
    }
    const pairs = texts.flatMap((a, index) => texts.slice(index + 1).map((b) => [a, b] as const));
    expect(pairs.filter(([a, b]) => doOverlap(a.box, b.box)).map(([a, b]) => `${a.text} / ${b.text}`)).toEqual([]);
  }
}

// The box of a line of text is higher than its letters: lines may share up to 3 pixels.
const doOverlap = (a: Box, b: Box): boolean =>
  Math.min(a.right, b.right) > Math.max(a.left, b.left) && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;

const MARKUP = [
  '<',
  '>',
  '</',
  '"',
  "'",
  '&',
  '&#60;',
  '&lt;',
  '<script>',
  '</dd>',
  '<!--',
  '-->',
  '<![CDATA[',
  '\0',
  '\r',
  '\n',
  ' ',
  '=',
  'a',
];
