import { isAttributeName, isFunctionName, type Meaning, type Slot } from './meaning.js';

/** What was read of a text that should be one meaning. */
export interface ParsedMeaning {
  /** Function of the first call, also where its slots could not be read to the end; null: there is no call. */
  functionName: string | null;
  /** The first call, read from its name to its closing parenthesis; null: there is none, or it breaks off. */
  meaning: Meaning | null;
  /** Why the text is not exactly one well-formed call of known names; null: it is. */
  fault: string | null;
}

const callStart = /(?<![\w-])([A-Za-z_]\w*)(\s*)\(/g;
const attributeStart = /\s*([A-Za-z_]\w*)\s*\[/y;

/**
 * Reads the first call of a text: of a known function, or of an unknown one that reads to its end, so that "word(s)" in prose is none.
 * Values are taken by bracket depth, since commas and parentheses occur inside them; space around names and separators is allowed.
 * Text before or after the call is a fault, but the call is read all the same.
 */
export function parseMeaning(text: string): ParsedMeaning {
  let broken: ParsedMeaning | null = null;
  for (const start of text.matchAll(callStart)) {
    const [opening, functionName, space] = start as unknown as [string, string, string];
    const isKnown = isFunctionName(functionName);
    if (!isKnown && space !== '') continue;
    const body = readSlots(text, start.index + opening.length);
    if (typeof body !== 'string') {
      const meaning = { functionName, slots: body.slots };
      const fault = faultOf(meaning, text.slice(0, start.index).trim(), text.slice(body.end).trim());
      return { functionName, meaning, fault };
    }
    const unread = { functionName, meaning: null, fault: body };
    if (isKnown) return unread;
    broken ??= unread;
  }
  return broken ?? { functionName: null, meaning: null, fault: 'there is no call' };
}

function faultOf(meaning: Meaning, before: string, after: string): string | null {
  if (before !== '') return `text before the call: ${excerpt(before)}`;
  if (after !== '') return `text after the call: ${excerpt(after)}`;
  if (!isFunctionName(meaning.functionName)) return `unknown function ${excerpt(meaning.functionName)}`;
  const unknown = meaning.slots.find(({ attribute }) => !isAttributeName(attribute));
  return unknown === undefined ? null : `unknown attribute ${excerpt(unknown.attribute)}`;
}

/** Slots from behind the opening parenthesis on, and where the text goes on after the closing one; or the fault. */
function readSlots(text: string, from: number): { slots: Slot[]; end: number } | string {
  const slots: Slot[] = [];
  let at = from;
  for (;;) {
    attributeStart.lastIndex = at;
    const start = attributeStart.exec(text);
    if (start === null) return `no attribute[value] at ${excerpt(text.slice(at))}`;
    const attribute = start[1] as string;
    const open = attributeStart.lastIndex;
    const close = closingBracket(text, open);
    if (close === -1) return `the value of ${attribute} is not closed`;
    slots.push({ attribute, value: text.slice(open, close) });
    at = close + 1;
    while (/\s/.test(text.charAt(at))) at += 1;
    if (text.charAt(at) === ')') return { slots, end: at + 1 };
    if (text.charAt(at) !== ',') return `neither comma nor closing parenthesis after ${attribute}[...]`;
    at += 1;
  }
}

function closingBracket(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '[') depth += 1;
    else if (text[at] === ']' && (depth -= 1) === 0) return at;
  }
  return -1;
}

/** Quoted, and short enough for one line of a report. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
