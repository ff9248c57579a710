/**
 * Text of unknown origin with everything made visible that would otherwise vanish, or change how the text around it is shown:
 * control characters as their pictures, marks of writing direction (they can make a line read as what it is not) by number,
 * unpaired surrogates as the replacement character. Tabs and line feeds stay.
 */
export function visibleText(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(CONTROLS, (character) => String.fromCodePoint(character === '\x7F' ? 0x2421 : 0x2400 + character.charCodeAt(0)))
    .replace(DIRECTIONS, (character) => `\u27E8U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27E9`);
}

// Control characters are the matter of this file.
const CONTROLS = /[\x00-\x08\x0B-\x1F\x7F]/g;
// C1 controls, then the directional marks, embeddings, overrides and isolates of Unicode (UAX 9).
const DIRECTIONS = /[\x80-\x9F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
