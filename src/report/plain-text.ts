import type { Text } from './report-text.js';

export function plainText(text: Text): string {
  if (typeof text === 'string') return text;
  return text.map((part) => (typeof part === 'string' ? part : Object.values(part).join(''))).join('');
}
