import { describe, expect, test } from 'vitest';
import { SPLITS, type Split } from '../../../../src/contract/kinds.js';
import { scorePredictions } from '../../../../src/tasks/score-predictions.js';
import { ATTRIBUTES, FUNCTIONS, GENRES, isCanonicalOrder, PERSPECTIVES, PLATFORMS } from '../../../../src/tasks/viggo/meaning.js';
import { parseMeaning } from '../../../../src/tasks/viggo/parse-meaning.js';
import { GAME_NAMES } from '../../../../src/tasks/viggo/practice/game-names.js';
import { practiceRows } from '../../../../src/tasks/viggo/practice/practice-rows.js';
import { viggoTask } from '../../../../src/tasks/viggo/viggo-task.js';

const rows = practiceRows(17);
const all = SPLITS.flatMap((split) => rows[split]);
const meaningsOf = (split: Split) =>
  rows[split].map(({ target }) => parseMeaning(target).meaning ?? { functionName: '', slots: [] });
const valuesOf = (attribute: string) =>
  new Set(
    SPLITS.flatMap(meaningsOf).flatMap(({ slots }) =>
      slots.filter((slot) => slot.attribute === attribute).map(({ value }) => value),
    ),
  );

describe('practice rows', () => {
  test('the same seed gives the same rows, another seed others', () => {
    expect(practiceRows(17)).toEqual(rows);
    expect(practiceRows(18).test.map(({ target }) => target)).not.toEqual(rows.test.map(({ target }) => target));
  });

  test('there are at least 3,000 distinct meanings and 200 names, and 350 test rows', () => {
    expect(new Set(all.map(({ target }) => target)).size).toBeGreaterThanOrEqual(3000);
    expect(new Set(GAME_NAMES).size).toBe(GAME_NAMES.length);
    expect(valuesOf('name').size).toBeGreaterThanOrEqual(200);
    expect(rows.test.length).toBeGreaterThanOrEqual(350);
  });

  test('no meaning and no sentence is in two splits', () => {
    for (const key of ['group', 'input'] as const) {
      const splits = new Map<string, Split>();
      for (const split of SPLITS)
        for (const row of rows[split]) {
          expect(splits.get(row[key]) ?? split).toBe(split);
          splits.set(row[key], split);
        }
    }
  });

  test('every target is a canonical meaning, and the group of its row', () => {
    for (const { group, target } of all) expect(viggoTask.readTarget(target)).toEqual({ isAccepted: true, group });
    for (const split of SPLITS) {
      for (const { slots } of meaningsOf(split)) expect(isCanonicalOrder(slots.map(({ attribute }) => attribute))).toBe(true);
    }
  });

  test.each([...SPLITS])('%s has all 9 functions and all 14 attributes', (split) => {
    const meanings = meaningsOf(split);
    expect(new Set(meanings.map(({ functionName }) => functionName))).toEqual(new Set(FUNCTIONS));
    expect(new Set(meanings.flatMap(({ slots }) => slots.map(({ attribute }) => attribute)))).toEqual(new Set(ATTRIBUTES));
  });

  test('lists have one item and several, all of the closed list, in its order', () => {
    for (const [attribute, items] of [
      ['genres', GENRES],
      ['player_perspective', PERSPECTIVES],
      ['platforms', PLATFORMS],
    ] as const) {
      const lists = [...valuesOf(attribute)].filter((value) => value !== '').map((value) => value.split(', '));
      expect(new Set(lists.flat())).toEqual(new Set(items));
      expect(lists.some((list) => list.length > 1)).toBe(true);
      for (const list of lists) expect(items.filter((item) => list.includes(item))).toEqual(list);
    }
  });

  test('empty values are those of request_attribute, and only those', () => {
    for (const split of SPLITS) {
      for (const { functionName, slots } of meaningsOf(split)) {
        for (const { value } of slots) expect(value === '').toBe(functionName === 'request_attribute');
      }
    }
  });

  test('a name stands in its sentence as it is, and so do years, dates and studios', () => {
    for (const { input, target } of all) {
      for (const { attribute, value } of parseMeaning(target).meaning?.slots ?? []) {
        if (['name', 'release_year', 'exp_release_date', 'developer', 'specifier'].includes(attribute)) {
          expect(input.toLowerCase()).toContain(value.toLowerCase());
        }
      }
    }
  });

  test('sentences are whole: no placeholder, no double space, a capital first, a full stop or question mark last', () => {
    for (const { input } of all) {
      expect(input).not.toMatch(/[{}[\]]|\s\s|undefined| [.,?]/);
      expect(input).toMatch(/^[\p{Lu}\p{N}].*[.?]$/u);
    }
  });

  test.each(['validation', 'test'] as const)('the nearest neighbour is right on less than four in ten of %s', (split) => {
    const answer = viggoTask.baseline(rows.train);
    const predictions = rows[split].map(({ id, input }) => ({ id, prediction: answer(input) }));
    const { accuracy } = scorePredictions(viggoTask, rows[split], predictions).summary;
    expect(accuracy.value).toBeLessThan(0.4);
    // It is a baseline, not a bug: it finds the function far more often than chance.
    expect(scorePredictions(viggoTask, rows[split], predictions).summary.parts.function?.value).toBeGreaterThan(0.5);
  });

  test.each([...SPLITS])('the targets of %s scored against themselves are all exact', (split) => {
    const predictions = rows[split].map(({ id, target }) => ({ id, prediction: target }));
    const { summary } = scorePredictions(viggoTask, rows[split], predictions);
    expect(summary.accuracy.value).toBe(1);
    expect(summary.verdicts).toEqual({ exact: rows[split].length });
  });
});
