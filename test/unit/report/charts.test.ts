import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { COLOURS, frame, type Chart } from '../../../src/report/charts/chart.js';
import { logTicks } from '../../../src/report/charts/log-ticks.js';
import { lossChart } from '../../../src/report/charts/loss-chart.js';
import { renderChart } from '../../../src/report/charts/render-chart.js';
import { thinOut } from '../../../src/report/charts/thin-out.js';
import { runReport } from '../../fixtures/run-report.js';

const size = { width: 520, isNarrow: false };

describe('charts', () => {
  it('take every colour from the page, so that one drawing serves light and dark', async () => {
    const chart = lossChart(runReport());
    if (chart === null) throw new Error('the fixture gives no loss chart');
    const { content } = await renderChart(chart, size);
    const colours = new Set([...content.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((match) => match[1]));
    expect([...colours].filter((colour) => !['none', 'transparent', ...Object.values(COLOURS)].includes(colour ?? ''))).toEqual([]);
  });

  it('are exactly as wide as asked', async () => {
    const chart = lossChart(runReport());
    if (chart === null) throw new Error('the fixture gives no loss chart');
    expect((await renderChart(chart, size)).width).toBe(520);
    expect((await renderChart(chart, { width: 328, isNarrow: true })).width).toBe(328);
  });

  it('fail on what Vega-Lite would only warn about', async () => {
    const chart = {
      title: 'wrong',
      description: 'wrong',
      spec: () => ({
        ...frame(size, 100, { top: 0, right: 0, bottom: 0, left: 0 }),
        data: { values: [{ a: 1 }] },
        mark: 'bar' as const,
        encoding: { x: { field: 'a', type: 'quantitative' as const }, shape: { field: 'a', type: 'nominal' as const } },
      }),
    };
    await expect(renderChart(chart, size)).rejects.toThrow('a chart of the report is wrong');
  });

  it('draw a loss curve of a long run with at most 400 points, with the same mean', () => {
    const points = Array.from({ length: 12_345 }, (_, index) => ({ step: index + 1, loss: Math.cos(index) }));
    const mean = (some: readonly { loss: number }[]): number => some.reduce((sum, point) => sum + point.loss, 0) / some.length;
    expect(thinOut(points).points.length).toBeLessThanOrEqual(400);
    expect(mean(thinOut(points.slice(0, 12_000)).points)).toBeCloseTo(mean(points.slice(0, 12_000)));
    expect(thinOut(points).stepsAPoint).toBe(31);
    expect(thinOut(points.slice(0, 300))).toEqual({ points: points.slice(0, 300), stepsAPoint: 1 });
  });

  it('say so where a point is the mean of several steps', async () => {
    const [point] = runReport().loss;
    if (point === undefined) throw new Error('the fixture has no step');
    const loss = Array.from({ length: 1000 }, (_, index) => ({ ...point, step: index + 1 }));
    const chart = lossChart({ ...runReport(), loss });
    expect(chart?.description).toContain('over 1,000 steps, drawn as means of 3');
    expect((await renderChart(chart as Chart, size)).content).toContain('training (mean of 3)');
  });

  it('give a logarithmic axis rising ticks around the data: nine at most, or one a decade', () => {
    const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const ticks = logTicks(low, high);
        expect(ticks[0]).toBeLessThanOrEqual(low);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
        expect([...ticks].sort((x, y) => x - y)).toEqual(ticks);
        if (ticks.length > 9) expect(ticks.every((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6))).toBe(true);
      }),
    );
    expect(logTicks(0.06, 7)).toEqual([0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]);
  });
});
