import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { visibleText } from '../../../src/report/visible-text.js';

describe('text made visible', () => {
  it('shows control characters by their pictures and marks of direction by number', () => {
    expect(visibleText('a\u0000b\u001B\u007F')).toBe('a\u2400b\u241B\u2421');
    expect(visibleText('\u202Eabc')).toBe('\u27E8U+202E\u27E9abc');
    expect(visibleText('\u0085')).toBe('\u27E8U+0085\u27E9');
  });

  it('leaves words, line feeds, tabs and whole surrogate pairs alone', () => {
    expect(visibleText('Montr\u00E9al\n\t\u{1F3B2}')).toBe('Montr\u00E9al\n\t\u{1F3B2}');
  });

  it('gives well-formed text without invisible controls for any string, and does not change it again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = visibleText(`${text}\uDC00`);
        expect(shown).not.toMatch(/(?![\t\n])\p{Cc}|\p{Surrogate}/u);
        expect(visibleText(shown)).toBe(shown);
      }),
    );
  });
});
