import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitOfGroup, takeEvenlyByGroup } from '../../../src/domain/split.js';

const rows = fc.array(fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd', 'e'), n: fc.nat() }), { maxLength: 30 });

describe('splitOfGroup', () => {
  test('each split gets its share of the groups', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let group = 0; group < 10_000; group += 1) counts[splitOfGroup(`g${group}`, { validation: 0.1, test: 0.2 }, 17)] += 1;
    expect(counts.test).toBeGreaterThan(1880);
    expect(counts.test).toBeLessThan(2120);
    expect(counts.validation).toBeGreaterThan(910);
    expect(counts.validation).toBeLessThan(1090);
  });

  test('the test split is the same whatever the validation share', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (group, seed) => {
        const isTest = (validation: number): boolean => splitOfGroup(group, { validation, test: 0.1 }, seed) === 'test';
        expect(isTest(0.3)).toBe(isTest(0));
      }),
    );
  });

  test('a share of 0 holds nothing out', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (group, seed) => splitOfGroup(group, { validation: 0, test: 0 }, seed) === 'train'),
    );
  });
});

describe('takeEvenlyByGroup', () => {
  test('it takes as many rows as there are, up to the limit, in their order', () => {
    fc.assert(
      fc.property(rows, fc.nat({ max: 40 }), fc.nat(), (items, limit, seed) => {
        const taken = takeEvenlyByGroup(items, limit, seed);
        expect(taken).toHaveLength(Math.min(limit, items.length));
        expect(taken).toEqual(items.filter((item) => taken.includes(item)));
      }),
    );
  });

  test('no group gives a second row before every group has given one', () => {
    fc.assert(
      fc.property(rows, fc.nat({ max: 40 }), fc.nat(), (items, limit, seed) => {
        const counts = new Map<string, number>();
        for (const { group } of takeEvenlyByGroup(items, limit, seed)) counts.set(group, (counts.get(group) ?? 0) + 1);
        const available = (group: string): number => items.filter((item) => item.group === group).length;
        const most = Math.max(0, ...counts.values());
        for (const { group } of items) expect(counts.get(group) ?? 0).toBeGreaterThanOrEqual(Math.min(available(group), most - 1));
      }),
    );
  });
});
