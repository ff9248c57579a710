import { visibleText } from '../visible-text.js';

/** HTML that may be put in as it is. Only `html` makes it, and `trusted` for what this program wrote itself. */
export class Markup {
  constructor(readonly source: string) {}
}

export type Value = string | number | Markup | readonly Value[] | null;

/** Template tag: every value is escaped, in text as in quoted attributes, unless it is Markup. Lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.reduce((source, string, index) => source + render(values[index - 1] ?? null) + string));
}

export const trusted = (source: string): Markup => new Markup(source);

function render(value: Value): string {
  if (value === null) return '';
  if (value instanceof Markup) return value.source;
  if (typeof value === 'object') return value.map(render).join('');
  return visibleText(String(value)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
