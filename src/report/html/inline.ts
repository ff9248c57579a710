import type { Inline, Text } from '../report-text.js';
import { html, type Markup } from './template.js';

export const inline = (text: Text): Markup => (typeof text === 'string' ? html`${text}` : html`${text.map(piece)}`);

function piece(part: Inline): Markup {
  if (typeof part === 'string') return html`${part}`;
  if ('strong' in part) return html`<strong>${part.strong}</strong>`;
  if ('code' in part) return html`<code>${part.code}</code>`;
  return html`<span class="figure">${part.figure}</span>`;
}
