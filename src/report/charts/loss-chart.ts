import type { RunReport } from '../../contract/report.js';
import { count, counted, loss as nats } from '../format.js';
import { COLOURS, frame, levelTitle, textWidth, type Chart, type ChartSize } from './chart.js';
import { logTicks } from './log-ticks.js';
import { thinOut, type Curve, type Point } from './thin-out.js';

const PLOT_HEIGHT = 220;
const VALIDATION = 'validation';

/** Training loss by step with validation loss by epoch over it; null where no step was recorded. */
export function lossChart({ loss, epochs }: Pick<RunReport, 'loss' | 'epochs'>): Chart | null {
  const first = loss[0];
  const last = loss.at(-1);
  if (first === undefined || last === undefined) return null;
  const validation = epochs.flatMap((epoch) =>
    epoch.validationLoss === null ? [] : [{ step: epoch.step, loss: epoch.validationLoss, epoch: epoch.epoch }],
  );
  const curve = thinOut(loss);
  const trained = `Training loss went from ${nats(first.loss)} at step ${count(first.step)} to ${nats(last.loss)} at step ${count(last.step)}`;
  const lowest = validation.reduce<(typeof validation)[number] | null>((a, b) => (a === null || b.loss < a.loss ? b : a), null);
  return {
    title: lowest === null ? trained : `Lowest validation loss after epoch ${lowest.epoch}: ${nats(lowest.loss)} nats a token`,
    description: `${trained}, nats per target token, over ${counted(loss.length, 'step')}${curve.stepsAPoint === 1 ? '' : `, drawn as means of ${curve.stepsAPoint}`}. ${
      validation.length === 0
        ? 'Validation loss was not measured.'
        : `Validation loss by epoch: ${validation.map((point) => `${point.epoch}: ${nats(point.loss)}`).join(', ')}.`
    }`,
    spec: (size) => spec(size, curve, validation),
  };
}

function spec(size: ChartSize, { points: training, stepsAPoint }: Curve, validation: Point[]): ReturnType<Chart['spec']> {
  const losses = [...training, ...validation].map((point) => point.loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  // A loss that falls tenfold spends most of a linear axis on its first steps.
  const isLog = low > 0 && high > 10 * low;
  const ticks = isLog ? logTicks(low, high) : null;
  const longest = Math.max(0, ...(ticks ?? []).map((tick) => textWidth(String(tick))));
  const margins = { top: 54, right: 26, bottom: 44, left: Math.max(44, longest + 12) };
  const hasValidation = validation.length > 0;
  const trainingName = stepsAPoint === 1 ? 'training' : `training (mean of ${stepsAPoint})`;
  const lastStep = Math.max(training.at(-1)?.step ?? 0, validation.at(-1)?.step ?? 0);
  return {
    ...frame(size, PLOT_HEIGHT, margins),
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        scale: {
          domain: [0, lastStep],
          nice: false,
        },
        axis: {
          title: 'optimizer step',
          grid: false,
          tickCount: fittingTicks(size.width - margins.left - margins.right, lastStep),
        },
      },
      y: {
        field: 'loss',
        type: 'quantitative',
        scale: ticks === null ? { zero: true } : { type: 'log', domain: [ticks[0] ?? low, ticks.at(-1) ?? high], nice: false },
        axis: {
          ...levelTitle(isLog ? 'nats per target token, log scale' : 'nats per target token', margins),
          ...(ticks === null ? { tickCount: 5 } : { values: ticks, format: '~g' }),
        },
      },
      color: {
        field: 'series',
        type: 'nominal',
        scale: { domain: hasValidation ? [trainingName, VALIDATION] : [trainingName], range: [COLOURS.soft, COLOURS.accent] },
        legend: hasValidation
          ? {
              title: null,
              orient: 'none',
              direction: 'horizontal',
              legendX: -margins.left,
              legendY: -54,
              symbolType: 'stroke',
              symbolStrokeWidth: 2.5,
              columnPadding: 12,
            }
          : null,
      },
    },
    layer: [
      {
        data: { values: training.map((point) => ({ ...point, series: trainingName })) },
        mark: { type: 'line', strokeWidth: 1.25, strokeJoin: 'round' },
      },
      ...(hasValidation
        ? [
            {
              data: { values: validation.map((point) => ({ ...point, series: VALIDATION })) },
              mark: { type: 'line' as const, strokeWidth: 2, point: { filled: true, size: 45 } },
            },
          ]
        : []),
    ],
  };
}

/** As many labels as fit side by side with the width of three characters between them; at most six. */
const fittingTicks = (width: number, largest: number): number =>
  Math.min(6, Math.floor(width / textWidth(`${count(largest)}   `)) - 1);
