import fc from 'fast-check';
import { ATTRIBUTES, FUNCTIONS, type Meaning } from '../../../../src/tasks/viggo/meaning.js';

/** Text with what a careless parser trips over; brackets only in pairs, since a lone one cannot be told from the end of a value. */
const value: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[[\]]/g, '')),
      fc.constantFrom(', ', '(', ')', '[x]', '[]', ' ', 'E 10+ (for Everyone 10 and Older)', 'inform(', "Baker's", '), name'),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));

/** Any meaning that can be printed: known names, canonical order, any values. */
export const anyMeaning: fc.Arbitrary<Meaning> = fc
  .tuple(fc.constantFrom(...FUNCTIONS), fc.subarray([...ATTRIBUTES], { minLength: 1 }))
  .chain(([functionName, attributes]) =>
    fc.array(value, { minLength: attributes.length, maxLength: attributes.length }).map((values) => ({
      functionName,
      slots: attributes.map((attribute, place) => ({ attribute, value: values[place] ?? '' })),
    })),
  );
