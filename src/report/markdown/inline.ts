import type { Inline, Text } from '../report-text.js';
import { codeSpan, escaped } from './escape.js';

export const inline = (text: Text, isInTable = false): string =>
  typeof text === 'string' ? escaped(text) : text.map((part) => piece(part, isInTable)).join('');

function piece(part: Inline, isInTable: boolean): string {
  if (typeof part === 'string') return escaped(part);
  if ('strong' in part) return `**${escaped(part.strong)}**`;
  if ('code' in part) return codeSpan(part.code, isInTable);
  return escaped(part.figure);
}
