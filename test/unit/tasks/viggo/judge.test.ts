import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ItemScore } from '../../../../src/contract/score.js';
import { judgeMeaning, VIGGO_PARTS, VIGGO_VERDICTS } from '../../../../src/tasks/viggo/judge.js';
import { printMeaning } from '../../../../src/tasks/viggo/meaning.js';
import { anyMeaning } from './any-meaning.js';

const judge = (target: string, prediction: string | null) =>
  judgeMeaning({ id: '1', group: target, input: 'a sentence', target }, prediction);

const gold = 'inform(name[Tin Harbor], esrb[E 10+ (for Everyone 10 and Older)], genres[action, puzzle], has_multiplayer[no])';
const [name, esrb, genres, multiplayer] = gold.slice('inform('.length, -1).split(/, (?=esrb|genres|has)/) as [
  string,
  string,
  string,
  string,
];
const request = 'request(release_year[2014], specifier[bad])';

// Letters of the levels that hold: p parse, f function, a attributes, o order, v values, x exact. Right is f, a and o together.
const cases: [what: string, target: string, prediction: string | null, levels: string, verdict: string][] = [
  ['the reference itself', gold, gold, 'pfaovx', 'exact'],
  ['another short reference', request, request, 'pfaovx', 'exact'],
  ['an empty value', 'request_attribute(esrb[])', 'request_attribute(esrb[])', 'pfaovx', 'exact'],
  ['space before the call', gold, ` ${gold}`, 'pfaov-', 'equal_values'],
  ['a line break after the call', gold, `${gold}\n`, 'pfaov-', 'equal_values'],
  ['no space after commas', request, 'request(release_year[2014],specifier[bad])', 'pfaov-', 'equal_values'],
  ['other case in a value', gold, gold.replace('Tin Harbor', 'tin harbor'), 'pfaov-', 'equal_values'],
  ['E10+ without its space', gold, gold.replace('E 10+', 'E10+'), 'pfaov-', 'equal_values'],
  ['a list in another order', gold, gold.replace('action, puzzle', 'puzzle, action'), 'pfaov-', 'equal_values'],
  ['text after the call', gold, `${gold} Hope this helps!`, '-faov-', 'extra_text'],
  ['text before the call', gold, `Answer: ${gold}`, '-faov-', 'extra_text'],
  ['a second call', gold, `${gold} ${request}`, '-faov-', 'extra_text'],
  ['the stop token left in', gold, `${gold}<END_A>`, '-faov-', 'extra_text'],
  ['a code fence', gold, `\`\`\`\n${gold}\n\`\`\``, '-faov-', 'extra_text'],
  ['another name', gold, gold.replace('Tin Harbor', 'Tin Harbour'), 'pfao--', 'wrong_values'],
  ['true instead of no', gold, gold.replace('[no]', '[false]'), 'pfao--', 'wrong_values'],
  ['yes instead of no', gold, gold.replace('[no]', '[yes]'), 'pfao--', 'wrong_values'],
  ['an empty value instead of one', gold, gold.replace('[no]', '[]'), 'pfao--', 'wrong_values'],
  ['a short ESRB rating', gold, gold.replace(' (for Everyone 10 and Older)', ''), 'pfao--', 'wrong_values'],
  ['one genre too few', gold, gold.replace('action, puzzle', 'action'), 'pfao--', 'wrong_values'],
  ['one genre too many', gold, gold.replace('puzzle', 'puzzle, sport'), 'pfao--', 'wrong_values'],
  ['a value wrong, and text after', gold, `${gold.replace('[no]', '[yes]')} ok`, '-fao--', 'wrong_values'],
  ['two attributes swapped', gold, `inform(${esrb}, ${name}, ${genres}, ${multiplayer})`, 'pfa-v-', 'wrong_order'],
  ['the last attribute first', gold, `inform(${multiplayer}, ${name}, ${esrb}, ${genres})`, 'pfa-v-', 'wrong_order'],
  ['specifier first', request, 'request(specifier[bad], release_year[2014])', 'pfa-v-', 'wrong_order'],
  ['swapped and a value wrong', request, 'request(specifier[good], release_year[2014])', 'pfa---', 'wrong_order'],
  ['an attribute missing', gold, `inform(${name}, ${esrb}, ${genres})`, 'pf-o--', 'wrong_attributes'],
  ['an attribute too many', request, 'request(release_year[2014], rating[good], specifier[bad])', 'pf-o--', 'wrong_attributes'],
  ['one attribute for another', request, 'request(release_year[2014], has_mac_release[yes])', 'pf-o--', 'wrong_attributes'],
  ['an attribute twice', request, 'request(release_year[2014], release_year[2014], specifier[bad])', 'pf----', 'wrong_attributes'],
  ['an unknown attribute', request, 'request(year[2014], specifier[bad])', '-f----', 'wrong_attributes'],
  ['an attribute in capitals', request, 'request(Release_Year[2014], specifier[bad])', '-f----', 'wrong_attributes'],
  ['another function', request, request.replace('request', 'suggest'), 'p-aov-', 'wrong_function'],
  ['request_attribute for request', request, request.replace('request', 'request_attribute'), 'p-aov-', 'wrong_function'],
  ['a function in capitals', request, request.replace('request', 'Request'), '--aov-', 'wrong_function'],
  ['an unknown function', request, request.replace('request', 'ask'), '--aov-', 'wrong_function'],
  ['function and attributes wrong', request, 'inform(name[x])', 'p--o--', 'wrong_function'],
  ['cut off before the parenthesis', gold, gold.slice(0, -1), '-f----', 'unreadable'],
  ['cut off in a value', gold, gold.slice(0, 40), '-f----', 'unreadable'],
  ['no parentheses', request, 'request release_year[2014], specifier[bad]', '------', 'unreadable'],
  ['a call without slots', request, 'request()', '-f----', 'unreadable'],
  ['equals signs for brackets', request, 'request(release_year=2014, specifier=bad)', '-f----', 'unreadable'],
  ['the sentence given back', request, 'Is there a bad game from 2014?', '------', 'unreadable'],
  ['an empty prediction', request, '', '------', 'no_answer'],
  ['nothing but space', request, ' \n', '------', 'no_answer'],
  ['no prediction', request, null, '------', 'no_answer'],
];

describe('judgeMeaning', () => {
  test.each(cases)('%s', (_, target, prediction, levels, verdict) => {
    const score = judge(target, prediction);
    expect(VIGGO_PARTS.map((part, place) => (score.parts[part] ? 'pfaovx'[place] : '-')).join('')).toBe(levels);
    expect(score.verdict).toBe(verdict);
    expect(score.correct).toBe(['f', 'a', 'o'].every((level) => levels.includes(level)));
    expect(() => ItemScore.parse(score)).not.toThrow();
    expect(score.evidence).toMatch(/^[^\n]+$/);
  });

  test('the table has every verdict', () => {
    expect(new Set(cases.map(([, , , , verdict]) => verdict))).toEqual(new Set(VIGGO_VERDICTS));
  });

  test('every meaning is exact against itself', () => {
    fc.assert(
      fc.property(anyMeaning, (meaning) => {
        const text = printMeaning(meaning);
        expect(judge(text, text)).toMatchObject({ verdict: 'exact', correct: true });
      }),
    );
  });

  test.each([
    [request, 'suggest(specifier[bad])', 'expected request, got suggest'],
    [request, 'request(rating[good], specifier[bad])', 'missing release_year; not expected rating'],
    [request, 'request(specifier[bad], release_year[2014])', 'expected release_year, specifier, got specifier, release_year'],
    [request, 'request(release_year[2015], specifier[bad])', 'release_year: expected "2014", got "2015"'],
    [request, `${request} Bye`, 'text after the call: "Bye"'],
    [request, 'request(release_year[2014', 'the value of release_year is not closed in "request(release_year[2014"'],
  ])('a person sees why: %s against %s', (target, prediction, evidence) => {
    expect(judge(target, prediction).evidence).toBe(evidence);
  });

  test('a reference that is no meaning is a fault of the caller', () => {
    expect(() => judge('no meaning', 'x')).toThrow('reference 1 is not a meaning');
  });
});
