import type { EpochRecord } from '../../contract/report.js';
import type { Estimate } from '../../contract/score.js';
import { estimate, percent } from '../format.js';
import { COLOURS, frame, levelTitle, type Chart, type ChartSize } from './chart.js';

const PLOT_HEIGHT = 228;
/** Room over the plot for the word at the chosen epoch, whose interval may reach the top. */
const LABEL_HEIGHT = 28;

interface Candidate {
  epoch: number;
  accuracy: Estimate;
  chosen: boolean;
}

/** Accuracy of each candidate on validation with its interval, the chosen one marked; null where no epoch was a candidate. */
export function accuracyChart(epochs: readonly EpochRecord[]): Chart | null {
  const candidates = epochs.flatMap(({ epoch, accuracy, chosen }) => (accuracy === null ? [] : [{ epoch, accuracy, chosen }]));
  if (candidates.length === 0) return null;
  const chosen = candidates.find((candidate) => candidate.chosen);
  const listed = candidates.map((candidate) => `epoch ${candidate.epoch} ${estimate(candidate.accuracy)}`).join(', ');
  return {
    title:
      chosen === undefined
        ? 'No epoch was chosen'
        : [`Epoch ${chosen.epoch} was chosen: `, { figure: percent(chosen.accuracy.value) }, ' right on validation'],
    description: `Share of validation items that are right after each epoch that was a candidate, with intervals: ${listed}.`,
    spec: (size) =>
      spec(
        size,
        candidates,
        epochs.map((epoch) => epoch.epoch),
      ),
  };
}

function spec(size: ChartSize, candidates: Candidate[], epochs: number[]): ReturnType<Chart['spec']> {
  const margins = { top: 46, right: 26, bottom: 44, left: 44 };
  const values = candidates.map(({ epoch, accuracy, chosen }) => ({
    epoch,
    value: accuracy.value * 100,
    low: accuracy.low * 100,
    high: accuracy.high * 100,
    colour: chosen ? COLOURS.accent : COLOURS.soft,
    label: chosen ? 'chosen' : '',
  }));
  const colour = { field: 'colour', type: 'nominal' as const, scale: null };
  const every = Math.ceil(epochs.length / (size.isNarrow ? 8 : 16));
  return {
    ...frame(size, PLOT_HEIGHT, margins),
    data: { values },
    encoding: {
      x: {
        field: 'epoch',
        type: 'ordinal',
        scale: { domain: epochs },
        axis: { title: 'epoch', labelAngle: 0, values: epochs.filter((_, index) => index % every === 0) },
      },
    },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 5, strokeCap: 'round', opacity: 0.35 },
        encoding: {
          y: {
            field: 'low',
            type: 'quantitative',
            scale: { domain: wholePoints(candidates), nice: false },
            axis: { ...levelTitle('right on validation, %', margins, LABEL_HEIGHT), tickCount: 5 },
          },
          y2: { field: 'high' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', filled: true, opacity: 1, size: 80 },
        encoding: { y: { field: 'value', type: 'quantitative' }, color: colour },
      },
      {
        mark: { type: 'text', dy: -10, baseline: 'bottom', fontWeight: 600 },
        encoding: { y: { field: 'high', type: 'quantitative' }, text: { field: 'label', type: 'nominal' } },
      },
    ],
  };
}

/** Percent from the lowest to the highest bound in whole points, at least two of them: less would magnify what is no difference. */
function wholePoints(candidates: Candidate[]): [number, number] {
  const high = Math.ceil(Math.max(...candidates.map(({ accuracy }) => accuracy.high)) * 100);
  const low = Math.floor(Math.min(...candidates.map(({ accuracy }) => accuracy.low)) * 100);
  return high < 2 ? [0, 2] : [Math.min(low, high - 2), high];
}
