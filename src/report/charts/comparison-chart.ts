import type { RunReport } from '../../contract/report.js';
import type { Estimate } from '../../contract/score.js';
import { estimate, percent, points } from '../format.js';
import { COLOURS, frame, textWidth, type Chart, type ChartSize } from './chart.js';

const ROW_HEIGHT = 42;

/** Before, nearest neighbour and after, each a dot on its interval. */
export function comparisonChart({ comparison, nearestNeighbour, split }: RunReport['headline']): Chart {
  const rows = [
    { name: 'before', colour: COLOURS.soft, ...comparison.before },
    { name: 'nearest neighbour', colour: COLOURS.soft, ...nearestNeighbour },
    { name: 'after', colour: COLOURS.accent, ...comparison.after },
  ];
  const lead = comparison.after.value - nearestNeighbour.value;
  return {
    title: [
      'After: ',
      { figure: `${points(Math.abs(lead)).replace('+', '')} points` },
      ` ${lead < 0 ? 'below' : 'above'} the nearest neighbour`,
    ],
    description: `Share of ${split} items that are right, with intervals: ${rows.map((row) => `${row.name} ${estimate(row)}`).join(', ')}.`,
    spec: (size) => spec(size, rows, split),
  };
}

function spec(size: ChartSize, rows: (Estimate & { name: string; colour: string })[], split: string): ReturnType<Chart['spec']> {
  const margins = { top: 14, right: 30, bottom: 44, left: textWidth('nearest neighbour') + 18 };
  const inPercent = rows.map((row) => ({
    name: row.name,
    colour: row.colour,
    value: row.value * 100,
    low: row.low * 100,
    high: row.high * 100,
    label: percent(row.value),
  }));
  const colour = { field: 'colour', type: 'nominal' as const, scale: null };
  return {
    ...frame(size, ROW_HEIGHT * rows.length, margins),
    data: { values: inPercent },
    encoding: {
      y: { field: 'name', type: 'nominal', sort: null, axis: { title: null, labelColor: COLOURS.ink, labelPadding: 14 } },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 5, strokeCap: 'round', opacity: 0.35 },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            scale: { domain: [0, 100] },
            axis: { title: `right on ${split}, %`, values: [0, 25, 50, 75, 100] },
          },
          x2: { field: 'high' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', filled: true, opacity: 1, size: 90 },
        encoding: { x: { field: 'value', type: 'quantitative' }, color: colour },
      },
      {
        mark: { type: 'text', dy: -9, baseline: 'bottom' },
        encoding: { x: { field: 'value', type: 'quantitative' }, text: { field: 'label', type: 'nominal' } },
      },
    ],
  };
}
