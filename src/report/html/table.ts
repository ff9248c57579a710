import type { Table } from '../report-document.js';
import { inline } from './inline.js';
import { html, type Markup } from './template.js';

/** A table in a box of its own that scrolls sideways where the page is narrower; it takes the focus, so that keys scroll it too. */
export function table({ caption, columns, rows, marked }: Table): Markup {
  const kind = (index: number): string => (columns[index]?.numeric ? 'number' : columns[index]?.prose ? 'prose' : 'text');
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        <span>${caption}</span>
      </caption>
      <thead>
        <tr>
          ${columns.map((column, index) => html`<th scope="col" class="${kind(index)}">${column.name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells, row) =>
            html`<tr${row === marked ? html` class="marked"` : null}>${cells.map((cell, index) =>
              index === 0
                ? html`<th scope="row" class="${kind(index)}">${inline(cell)}</th>`
                : html`<td class="${kind(index)}">${inline(cell)}</td>`,
            )}</tr>
        `,
        )}
      </tbody>
    </table>
  </div>`;
}
