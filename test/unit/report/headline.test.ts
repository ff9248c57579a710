import { describe, expect, it } from 'vitest';
import type { Estimate } from '../../../src/contract/score.js';
import { buildDocument } from '../../../src/report/build-document.js';
import { plainText } from '../../../src/report/plain-text.js';
import { runReport } from '../../fixtures/run-report.js';

const told = (
  difference: Estimate,
  neighbour: Estimate = { value: 0.35, low: 0.31, high: 0.39 },
): { title: string; lead: string } => {
  const { headline } = runReport();
  const document = buildDocument(
    runReport({ headline: { ...headline, comparison: { ...headline.comparison, difference }, nearestNeighbour: neighbour } }),
  );
  return { title: plainText(document.title), lead: plainText(document.lead) };
};

describe('the headline', () => {
  it('claims a rise only where the interval of the difference is above zero', () => {
    expect(told({ value: 0.1, low: 0.02, high: 0.2 }).title).toBe(
      'Fine-tuning raised tiny from 0.0 % to 94.2 % [91.8, 96.0] right on test',
    );
    expect(told({ value: 0.1, low: 0, high: 0.2 }).title).toMatch(/^Fine-tuning did not measurably change tiny: from/);
    expect(told({ value: 0.1, low: -0.01, high: 0.2 }).title).toMatch(/^Fine-tuning did not measurably change/);
  });

  it('says so where the model got worse', () => {
    const { title, lead } = told({ value: -0.1, low: -0.2, high: -0.02 });
    expect(title).toMatch(/^Fine-tuning lowered tiny/);
    expect(lead).toContain('\u221210.0 points [\u221220.0, \u22122.0]');
  });

  it('says of the nearest neighbour no more than the intervals show', () => {
    const rise = { value: 0.1, low: 0.02, high: 0.2 };
    expect(told(rise).lead).toContain('is above it, and the intervals do not overlap');
    expect(told(rise, { value: 0.93, low: 0.9, high: 0.95 }).lead).toContain('not clearly apart from it');
    expect(told(rise, { value: 0.99, low: 0.98, high: 1 }).lead).toContain('is below it, and the intervals do not overlap');
  });
});
