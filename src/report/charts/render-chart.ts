import * as vega from 'vega';
import { compile } from 'vega-lite';
import type { Chart, ChartSize } from './chart.js';

/** A chart as the inside of an SVG element: drawing and view box, without the element itself. */
export interface RenderedChart {
  width: number;
  height: number;
  content: string;
}

/** Draws a chart without DOM or canvas. Throws on anything that Vega or Vega-Lite would only warn about. */
export async function renderChart(chart: Chart, size: ChartSize): Promise<RenderedChart> {
  const { spec } = compile(chart.spec(size), { logger: strictLogger() });
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logger: strictLogger() });
  try {
    const svg = await view.toSVG();
    const [opening, width, height] = /^<svg [^>]*width="([\d.]+)" height="([\d.]+)"[^>]*>/.exec(svg) ?? [];
    if (opening === undefined) throw new Error(`Vega gave no SVG with a size, but: ${svg.slice(0, 200)}`);
    return { width: Number(width), height: Number(height), content: roundCoordinates(svg.slice(opening.length, -'</svg>'.length)) };
  } finally {
    view.finalize();
  }
}

/** A hundredth of a pixel is finer than any screen, and half the bytes. Text between tags is left alone. */
const roundCoordinates = (svg: string): string =>
  svg.replace(/<[^>]+>/g, (tag) => tag.replace(/\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100)));

function strictLogger(): vega.LoggerInterface {
  const logger = vega.logger(vega.Warn);
  const fail = (...parts: readonly unknown[]): never => {
    throw new Error(`a chart of the report is wrong: ${parts.map(String).join(' ')}`);
  };
  return Object.assign(logger, { warn: fail, error: fail });
}
