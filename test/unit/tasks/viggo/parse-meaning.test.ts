import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCanonicalOrder, printMeaning } from '../../../../src/tasks/viggo/meaning.js';
import { parseMeaning } from '../../../../src/tasks/viggo/parse-meaning.js';
import { anyMeaning } from './any-meaning.js';

describe('parseMeaning', () => {
  test('what was printed is read back, whatever the values hold', () => {
    fc.assert(
      fc.property(anyMeaning, (meaning) => {
        expect(parseMeaning(printMeaning(meaning))).toEqual({ functionName: meaning.functionName, meaning, fault: null });
      }),
      { numRuns: 500 },
    );
  });

  test('what was read prints as the text, and reads as itself again', () => {
    fc.assert(
      fc.property(anyMeaning, (meaning) => {
        const text = printMeaning(meaning);
        expect(printMeaning(parseMeaning(text).meaning ?? meaning)).toBe(text);
      }),
    );
  });

  test('no text makes it throw or hang', () => {
    const soup = fc
      .array(fc.constantFrom('inform', '(', ')', '[', ']', ',', ' ', 'name', 'x', 'request_attribute'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        const { functionName, meaning, fault } = parseMeaning(text);
        expect(meaning === null ? fault !== null : meaning.functionName === functionName).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a comma in a value', 'inform(developer[Hollow Lantern, Inc.])', [['developer', 'Hollow Lantern, Inc.']]],
    [
      'parentheses in a value',
      'inform(esrb[E (for Everyone)], rating[good])',
      [
        ['esrb', 'E (for Everyone)'],
        ['rating', 'good'],
      ],
    ],
    ['an empty value', 'request_attribute(esrb[])', [['esrb', '']]],
    ['brackets in a value', 'inform(name[a [b] c])', [['name', 'a [b] c']]],
    ['a call inside a value', 'inform(name[request(name[x])])', [['name', 'request(name[x])']]],
    [
      'space around separators',
      ' inform ( name [x] ,rating[good] ) ',
      [
        ['name', 'x'],
        ['rating', 'good'],
      ],
    ],
  ])('%s is no fault', (_, text, slots) => {
    const { meaning, fault } = parseMeaning(text);
    expect(fault).toBeNull();
    expect(meaning?.slots.map(({ attribute, value }) => [attribute, value])).toEqual(slots);
  });

  test.each([
    ['', 'there is no call'],
    ['a good game', 'there is no call'],
    ['inform()', 'no attribute[value] at ")"'],
    ['inform(name[x]', 'neither comma nor closing parenthesis after name[...]'],
    ['inform(name[x', 'the value of name is not closed'],
    ['inform(name[x],)', 'no attribute[value] at ")"'],
    ['inform(name: x)', 'no attribute[value] at "name: x)"'],
    ['inform(name[x] rating[good])', 'neither comma nor closing parenthesis after name[...]'],
  ])('%j is not read: %s', (text, fault) => {
    expect(parseMeaning(text)).toMatchObject({ meaning: null, fault });
  });

  test('an unfinished call still has its function', () => {
    expect(parseMeaning('confirm(name[x').functionName).toBe('confirm');
  });

  test.each([
    ['inform(name[x]) inform(name[y])', 'text after the call: "inform(name[y])"'],
    ['Sure! inform(name[x])', 'text before the call: "Sure!"'],
    ['The game(s) asked for: inform(name[x])', 'text before the call: "The game(s) asked for:"'],
    ['inform(name[x])<END_A>', 'text after the call: "<END_A>"'],
  ])('of %j the first call is taken, and the rest is flagged', (text, fault) => {
    const parsed = parseMeaning(text);
    expect(parsed.fault).toBe(fault);
    expect(parsed.meaning).toEqual({ functionName: 'inform', slots: [{ attribute: 'name', value: 'x' }] });
  });

  test('a broken first call is not passed over for a whole second one', () => {
    expect(parseMeaning('inform(name[x] inform(name[x])').meaning).toBeNull();
  });

  test('unknown names are read, and flagged', () => {
    expect(parseMeaning('describe(name[x])').fault).toBe('unknown function "describe"');
    expect(parseMeaning('inform(title[x])').fault).toBe('unknown attribute "title"');
    expect(parseMeaning('Inform(name[x])').fault).toBe('unknown function "Inform"');
  });

  test('request_attribute is not taken for request', () => {
    expect(parseMeaning('request_attribute(esrb[])').functionName).toBe('request_attribute');
  });
});

describe('isCanonicalOrder', () => {
  test('each attribute at most once, in the order of the list', () => {
    expect(isCanonicalOrder(['name', 'rating', 'specifier'])).toBe(true);
    expect(isCanonicalOrder(['rating', 'name'])).toBe(false);
    expect(isCanonicalOrder(['name', 'name'])).toBe(false);
    expect(isCanonicalOrder(['name', 'title'])).toBe(false);
  });
});
