import type { Chart, ChartSize } from '../charts/chart.js';
import { renderChart } from '../charts/render-chart.js';
import { inline } from './inline.js';
import { html, trusted, type Markup } from './template.js';

// A column of the page at full width, and a phone of 360 px less its margins.
const WIDE: ChartSize = { width: 520, isNarrow: false };
const NARROW: ChartSize = { width: 328, isNarrow: true };

/** A chart drawn twice; the style sheet shows the one that the column has room for. */
export async function figure(chart: Chart): Promise<Markup> {
  const drawn = await Promise.all([WIDE, NARROW].map((size) => drawing(chart, size)));
  return html`<figure class="chart">
    <figcaption>${inline(chart.title)}</figcaption>
    ${drawn}
  </figure>`;
}

async function drawing(chart: Chart, size: ChartSize): Promise<Markup> {
  const { width, height, content } = await renderChart(chart, size);
  return html`<svg
    class="${size.isNarrow ? 'narrow' : 'wide'}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${chart.description}"
  >
    ${trusted(content)}
  </svg>`;
}
