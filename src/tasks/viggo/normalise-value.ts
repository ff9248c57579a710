import { isAttributeName, LIST_ATTRIBUTES } from './meaning.js';

/**
 * The form in which two values are compared: Unicode NFC, lower case, outer space dropped, inner space single.
 * ESRB ratings lose all space, since "E10+" and "E 10+" are both in use. Lists are compared as sets: items sorted, each once.
 * Nothing else is forgiven: `true` is not `yes`, `E` is not `E (for Everyone)`, and a name with another apostrophe is another name.
 */
export function normaliseValue(attribute: string, value: string): string {
  const plain = value.normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
  if (attribute === 'esrb') return plain.replaceAll(' ', '');
  if (!isAttributeName(attribute) || !LIST_ATTRIBUTES.has(attribute)) return plain;
  return [...new Set(plain.split(',').map((item) => item.trim()))].sort().join(', ');
}
