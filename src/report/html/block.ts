import type { Block } from '../report-document.js';
import { answers } from './answers.js';
import { figure } from './figure.js';
import { inline } from './inline.js';
import { table } from './table.js';
import { html, type Markup } from './template.js';

async function block(content: Block): Promise<Markup> {
  switch (content.kind) {
    case 'paragraph':
      return html`<p>${inline(content.text)}</p>`;
    case 'note':
      return html`<aside class="note" aria-label="${content.title}">
        <p><strong>${content.title}.</strong> ${inline(content.text)}</p>
      </aside>`;
    case 'figures':
      return html`<dl class="figures">
        ${content.items.map(
          (item) =>
            html`<div class="${item.main === true ? 'main' : 'side'}">
              <dt>${item.label}</dt>
              <dd class="value">${item.value}</dd>
              <dd class="detail">${item.detail}</dd>
            </div>`,
        )}
      </dl>`;
    case 'facts':
      return html`<dl class="facts">
        ${content.items.map(
          ({ term, value }) =>
            html`<div>
              <dt>${term}</dt>
              <dd>${inline(value)}</dd>
            </div>`,
        )}
      </dl>`;
    case 'table':
      return table(content);
    case 'chart':
      return figure(content.chart);
    case 'answers':
      return answers(content.answers);
    case 'json':
      return html`<details>
        <summary>${content.title}</summary>
        <pre tabindex="0"><code>${JSON.stringify(content.value, null, 2)}</code></pre>
      </details>`;
    case 'columns': {
      const columns = await Promise.all(content.columns.map(blocks));
      return html`<div class="columns">${columns.map((column) => html`<div>${column}</div>`)}</div>`;
    }
  }
}

export const blocks = (contents: readonly Block[]): Promise<Markup[]> => Promise.all(contents.map(block));
