import { duration } from '../format.js';
import type { Text } from '../report-text.js';
import type { StageTime, StageTimes } from '../stage-times.js';
import { COLOURS, frame, textWidth, type Chart, type ChartSize } from './chart.js';

const ROW_HEIGHT = 26;

/** Stages one below the other, each a bar from its start to its end; the longest in the accent colour. */
export function stageChart(times: StageTimes): Chart {
  const longest = times.stages.reduce<StageTime | null>((a, b) => (a === null || b.seconds > a.seconds ? b : a), null);
  return {
    title: longest === null ? 'No stage was recorded' : takesLongest(longest, times.seconds),
    description: `Stages in order with the time that each took: ${times.stages.map((stage) => `${stage.name} ${duration(stage.seconds)}`).join(', ')}.`,
    spec: (size) => spec(size, times, longest),
  };
}

const takesLongest = (stage: StageTime, whole: number): Text => [
  `Stage ${stage.name} took longest: `,
  { figure: duration(stage.seconds) },
  ' of ',
  { figure: duration(whole) },
];

function spec(size: ChartSize, { stages, seconds }: StageTimes, longest: StageTime | null): ReturnType<Chart['spec']> {
  const unit = timeUnit(seconds);
  const labels = stages.map((stage) => `${stage.name} \u00B7 ${duration(stage.seconds)}`);
  const margins = { top: 8, right: 18, bottom: 44, left: Math.max(0, ...labels.map(textWidth)) + 12 };
  return {
    ...frame(size, ROW_HEIGHT * stages.length, margins),
    data: {
      values: stages.map((stage, row) => ({
        row,
        begin: stage.begin / unit.seconds,
        end: (stage.begin + stage.seconds) / unit.seconds,
        colour: stage === longest ? COLOURS.accent : COLOURS.soft,
      })),
    },
    // The outline keeps a stage that took no time visible, as a stroke.
    mark: { type: 'bar', height: 12, strokeWidth: 1, cornerRadius: 1 },
    encoding: {
      y: {
        field: 'row',
        type: 'ordinal',
        axis: { title: null, labelColor: COLOURS.ink, labelExpr: `${JSON.stringify(labels)}[datum.value]`, labelLimit: 0 },
      },
      x: {
        field: 'begin',
        type: 'quantitative',
        axis: { title: `${unit.name} since the start`, tickCount: size.isNarrow ? 4 : 8 },
      },
      x2: { field: 'end' },
      color: { field: 'colour', type: 'nominal', scale: null },
      stroke: { field: 'colour', type: 'nominal', scale: null },
    },
  };
}

/** The largest unit of which the whole is at least two. */
function timeUnit(seconds: number): { name: string; seconds: number } {
  if (seconds < 120) return { name: 'seconds', seconds: 1 };
  if (seconds < 2 * 3600) return { name: 'minutes', seconds: 60 };
  if (seconds < 2 * 86400) return { name: 'hours', seconds: 3600 };
  return { name: 'days', seconds: 86400 };
}
