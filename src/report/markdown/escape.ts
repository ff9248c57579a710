import { visibleText } from '../visible-text.js';

/**
 * Plain text as one line of Markdown that shows exactly it: nothing in it becomes a link (but for
 * mail addresses, which GitHub finds behind any escape), markup, mathematics or HTML, or ends a table cell.
 */
export function escaped(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_<>|~&@$]/g, '\\$&')
    .replace(INTERVAL_OR_BRACKET, (found) => (found.length === 1 ? `\\${found}` : found))
    .replace(/:(?=\/\/)|(?<=\bwww)\./gi, '\\$&');
}

/** A line of Markdown that shall be a paragraph, whatever it begins with: "1." and "-" would make it a list, "#" a heading. */
export const paragraph = (line: string): string =>
  line.replace(/^\s*([-+#=]|\d+[.)](?=\s|$))/, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`);

/** Text as a code span. Within a table the pipe needs its backslash even there. */
export function codeSpan(text: string, isInTable: boolean): string {
  const line = oneLine(text);
  if (line === '') return '(empty)';
  const ticks = '`'.repeat(longestRun(line) + 1);
  const space = /^[` ]|[` ]$/.test(line) && line.trim() !== '' ? ' ' : '';
  const span = `${ticks}${space}${line}${space}${ticks}`;
  return isInTable ? span.replaceAll('|', '\\|') : span;
}

/** Lines as a fenced block whose fence is longer than any in it. */
export function fenced(language: string, text: string): string {
  const content = visibleText(text);
  const fence = '`'.repeat(Math.max(3, longestRun(content) + 1));
  return `${fence}${language}\n${content}\n${fence}`;
}

// An interval, "[91.8, 96.0]", stays readable in the source: nothing follows it that would make it a link.
const INTERVAL_OR_BRACKET = /\[[+\u2212]?[\d.]+, [+\u2212]?[\d.]+\](?![([:])|[[\]]/g;

const oneLine = (text: string): string => visibleText(text).replaceAll('\n', ' \u21B5 ').replaceAll('\t', ' ');

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
