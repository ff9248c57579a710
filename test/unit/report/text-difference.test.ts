import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { textDifference, type Stretch } from '../../../src/report/text-difference.js';

const whole = (side: Stretch[]): string => side.map(({ text }) => text).join('');
const unmarked = (side: Stretch[]): string =>
  side
    .filter(({ differs }) => !differs)
    .map(({ text }) => text)
    .join('');
const marked = (side: Stretch[]): string[] => side.filter(({ differs }) => differs).map(({ text }) => text);

// Few different words, so that texts share some of them.
const text = fc
  .array(fc.constantFrom('name', 'rating', '[', ']', ', ', '(', ')', ' ', 'é', '\u{1F3B2}'), { maxLength: 30 })
  .map((words) => words.join(''));

describe('the difference of two texts', () => {
  it('loses nothing: the stretches of a side make up its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const { left, right } = textDifference(a, b);
        expect([whole(left), whole(right)]).toEqual([a, b]);
      }),
    );
  });

  it('leaves the same text unmarked on both sides', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const { left, right } = textDifference(a, b);
        expect(unmarked(left)).toBe(unmarked(right));
      }),
    );
  });

  it('marks nothing in equal texts and all of a text beside nothing', () => {
    fc.assert(
      fc.property(text, (a) => {
        expect(marked(textDifference(a, a).left)).toEqual([]);
        expect(whole(textDifference(a, '').left)).toBe(marked(textDifference(a, '').left).join(''));
      }),
    );
  });

  it('marks a missing attribute from its first letter on', () => {
    const { left, right } = textDifference('f(esrb[M (x)], genres[shooter], name[A])', 'f(esrb[M (x)], name[A])');
    expect(marked(left)).toEqual(['genres[shooter], ']);
    expect(marked(right)).toEqual([]);
  });

  it('marks all between the common ends of texts too long to compare word by word', () => {
    const long = (word: string): string => `start ${`${word} `.repeat(3000)}end`;
    const { left } = textDifference(long('a'), long('b'));
    expect(left.map(({ differs }) => differs)).toEqual([false, true, false]);
    expect(left[0]?.text).toBe('start ');
  });
});
