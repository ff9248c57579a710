import type { Config, TopLevelSpec } from 'vega-lite';
import type { Text } from '../report-text.js';

/** Outer size in CSS pixels. Text in a chart has a fixed size, so a phone gets a chart of its own instead of a shrunken one. */
export interface ChartSize {
  width: number;
  isNarrow: boolean;
}

export interface Chart {
  /** The fact that the chart shows, as a sentence; becomes its caption. */
  title: Text;
  /** For readers who do not see it: what is drawn, with the numbers that matter. */
  description: string;
  spec: (size: ChartSize) => TopLevelSpec;
}

export interface Margins {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** Custom properties of the page, so that one SVG serves light and dark. */
export const COLOURS = {
  ink: 'var(--ink)',
  soft: 'var(--ink-soft)',
  line: 'var(--line)',
  accent: 'var(--accent)',
} as const;

const FONT_SIZE = 12;

/** Mean width of a character of a sans-serif face, in ems. Nothing here can measure text, and Vega's own guess of 0.8 wastes room. */
const CHARACTER_WIDTH = 0.56;

export const textWidth = (text: string): number => Math.ceil(text.length * CHARACTER_WIDTH * FONT_SIZE);

interface Frame {
  /** Of the plot area, in CSS pixels. */
  width: number;
  height: number;
  padding: Margins;
  autosize: { type: 'none' };
  background: string;
  config: Config;
}

/** What all charts share: plot area within fixed margins, light grid, no frame. */
export function frame(size: ChartSize, plotHeight: number, margins: Margins): Frame {
  return {
    width: size.width - margins.left - margins.right,
    height: plotHeight,
    padding: margins,
    autosize: { type: 'none' },
    background: 'transparent',
    config: {
      // The figure as a whole carries one description; Vega's labels for every mark would be noise to a screen reader.
      aria: false,
      view: { stroke: null },
      axis: {
        labelColor: COLOURS.soft,
        labelFontSize: FONT_SIZE,
        titleColor: COLOURS.soft,
        titleFontSize: FONT_SIZE,
        titleFontWeight: 'normal',
        gridColor: COLOURS.line,
        domain: false,
        ticks: false,
        labelPadding: 8,
        labelFlush: false,
      },
      text: { fontSize: FONT_SIZE, color: COLOURS.ink },
      legend: { labelColor: COLOURS.soft, labelFontSize: FONT_SIZE, labelLimit: 0 },
    },
  };
}

interface LevelTitle {
  title: string;
  titleAngle: number;
  titleAlign: 'left';
  titleBaseline: 'bottom';
  titleX: number;
  titleY: number;
}

/** Title of a vertical axis: level text so many pixels over the plot, starting where the labels start. */
export const levelTitle = (title: string, margins: Margins, above = 12): LevelTitle => ({
  title,
  titleAngle: 0,
  titleAlign: 'left',
  titleBaseline: 'bottom',
  titleX: -margins.left,
  titleY: -above,
});
