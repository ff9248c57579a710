import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatasetManifest, FilterCount, ReferenceRow, RenderedRow } from '../../../src/contract/dataset.js';
import { SPLITS } from '../../../src/contract/kinds.js';
import { FILTER_STEPS } from '../../../src/tasks/filter-log.js';
import { prepareDataset, type DatasetSource, type PreparedDataset } from '../../../src/tasks/prepare-dataset.js';
import { viggoTask } from '../../../src/tasks/viggo/viggo-task.js';
import { invalidData } from './invalid-data.js';

type Files = Extract<DatasetSource, { kind: 'files' }>;
type Pair = readonly [input: string, target: string];

const file = (name: string, pairs: readonly Pair[]) => ({
  name,
  columns: { input: 'ref', target: 'mr', id: null },
  records: pairs.map(([input, target]) => ({ input, target })),
});
const meaning = (name: string | number): string => `inform(name[${name}])`;
const pairs = (count: number, wordings = 2): Pair[] =>
  Array.from({ length: count * wordings }, (_, index) => [`sentence ${index}`, meaning(Math.floor(index / wordings))] as const);
const prepare = (files: Partial<Files>): PreparedDataset =>
  prepareDataset(viggoTask, {
    ...{ kind: 'files', train: file('train.csv', pairs(100)), validation: null, test: null, heldOutShare: 0.2, seed: 17 },
    ...files,
  });

describe('prepareDataset', () => {
  test('practice gives rows that keep the contract, rendered row for row', () => {
    const { splits } = prepareDataset(viggoTask, { kind: 'practice', seed: 17 });
    for (const split of SPLITS) {
      const { references, rendered } = splits[split];
      expect(rendered.map(({ id }) => id)).toEqual(references.map(({ id }) => id));
      expect(new Set(references.map(({ id }) => id)).size).toBe(references.length);
      for (const row of references.slice(0, 20)) expect(() => ReferenceRow.parse(row)).not.toThrow();
      for (const row of rendered.slice(0, 20)) expect(() => RenderedRow.parse(row)).not.toThrow();
    }
  });

  test('a row is rendered with the special tokens and nothing between them and the text', () => {
    const { rendered } = prepare({ validation: file('v.csv', [['Tin Harbor!', meaning('Tin Harbor')]]) }).splits.validation;
    expect(rendered).toEqual([
      { id: '1', prompt: '<START_Q>Tin Harbor!<END_Q><START_A>', completion: 'inform(name[Tin Harbor])<END_A>' },
    ]);
  });

  test('held-out splits never share a group, and together hold every row', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 120 }), fc.integer({ min: 1, max: 3 }), fc.nat(), (groups, wordings, seed) => {
        const { splits } = prepare({ train: file('train.csv', pairs(groups, wordings)), heldOutShare: 0.3, seed });
        const groupsOf = SPLITS.map((split) => new Set(splits[split].references.map(({ group }) => group)));
        expect(groupsOf.reduce((sum, { size }) => sum + size, 0)).toBe(groups);
        expect(new Set(groupsOf.flatMap((set) => [...set])).size).toBe(groups);
        expect(SPLITS.reduce((sum, split) => sum + splits[split].references.length, 0)).toBe(groups * wordings);
      }),
      { numRuns: 30 },
    );
  });

  test('rows that are added move no other row to another split', () => {
    const small = prepare({ train: file('train.csv', pairs(100)) }).splits;
    const large = prepare({ train: file('train.csv', pairs(300)) }).splits;
    for (const split of SPLITS) {
      const inputs = new Set(large[split].references.map(({ input }) => input));
      for (const { input } of small[split].references) expect(inputs).toContain(input);
    }
  });

  test('space around separators makes no second group', () => {
    const { splits } = prepare({
      validation: file('v.csv', [
        ['a', 'inform(name[x], rating[good])'],
        ['b', 'inform( name[x],rating[good] )'],
      ]),
    });
    expect(splits.validation.groups).toBe(1);
  });

  test('what is dropped is counted, step by step, with an example', () => {
    const train: Pair[] = [
      ['one', meaning(1)],
      ['one', meaning(1)],
      ['two', 'no meaning'],
      ['three', 'inform(rating[good], name[x])'],
      ['four', meaning(4)],
    ];
    const { splits, counts } = prepare({
      train: file('train.csv', train),
      validation: file('validation.csv', [
        ['four', meaning(4)],
        ['five', meaning(1)],
      ]),
      test: file('test.csv', [['six', meaning(6)]]),
    });
    expect(splits.train.references.map(({ input }) => input)).toEqual(['one']);
    expect(counts.filter(({ split }) => split === 'train').map(({ step, before, after }) => [step, before, after])).toEqual([
      ['parsed', 5, 4],
      ['well_ordered', 4, 3],
      ['deduplicated', 3, 2],
      ['overlap', 2, 1],
    ]);
    expect(counts[0]?.why).toBe('train.csv: first dropped: row 3, there is no call');
    expect(counts.find(({ split, step }) => split === 'validation' && step === 'overlap')?.why).toBe(
      'none dropped; 1 rows share their group with training rows',
    );
    for (const count of counts) {
      expect(() => FilterCount.parse(count)).not.toThrow();
      expect(FILTER_STEPS).toContain(count.step);
    }
  });

  test('each step of a split begins with the rows that the step before left', () => {
    const sources: DatasetSource[] = [
      { kind: 'practice', seed: 3 },
      { kind: 'files', train: file('train.csv', pairs(100)), validation: null, test: null, heldOutShare: 0.2, seed: 1 },
    ];
    for (const source of sources) {
      const { splits, counts } = prepareDataset(viggoTask, source);
      for (const split of SPLITS) {
        const own = counts.filter((count) => count.split === split);
        own.slice(1).forEach(({ before }, place) => expect(before).toBe(own[place]?.after));
        expect(own.at(-1)?.after).toBe(splits[split].references.length);
      }
    }
  });

  test('its counts fit the manifest', () => {
    const { splits, counts } = prepareDataset(viggoTask, { kind: 'practice', seed: 17 });
    const stored = { file: 'rows.jsonl', sha256: 'a'.repeat(64) };
    const entries = SPLITS.map((split) => {
      const { references, groups } = splits[split];
      return [split, { rows: references.length, groups, rendered: stored, references: stored }];
    });
    const manifest = { id: 'a'.repeat(64), task: 'viggo', source: 'practice', specialTokens: [], stopToken: '<END_A>', counts };
    expect(() => DatasetManifest.parse({ ...manifest, splits: Object.fromEntries(entries) as unknown })).not.toThrow();
  });

  test.each<[string, Partial<Files>, string]>([
    ['an empty training file', { train: file('train.csv', []) }, 'train.csv has no rows'],
    [
      'a column that is not there',
      { test: { ...file('test.csv', []), records: [{ input: 'x' }] } },
      'test.csv row 1 has no field "mr": fill it in, or name the right column in data.mapping',
    ],
    ['an empty test file', { test: file('test.csv', []) }, 'test.csv has no rows'],
    [
      'not one meaning',
      {
        train: file('train.csv', [
          ['a', 'b'],
          ['c', 'd'],
        ]),
      },
      'train.csv has no usable row: of 2, each was refused; row 1: there is no call; check that data.mapping.target ("mr") names the viggo targets',
    ],
    [
      'a special token in a text',
      { train: file('train.csv', [['a <END_A>', meaning(1)]]) },
      'train.csv row 1 contains the special token <END_A>: remove it from the text',
    ],
    [
      'too few groups to hold out',
      { train: file('train.csv', pairs(1)), heldOutShare: 0.01 },
      'there are no validation rows: give a file as data.validation, training rows of more groups than 1, or a larger data.heldOutShare',
    ],
    [
      'no training row that is not held out',
      {
        train: file('train.csv', [['a', meaning(1)]]),
        validation: file('v.csv', [['a', meaning(1)]]),
        test: file('t.csv', [['b', meaning(2)]]),
      },
      'there are no train rows: give more rows',
    ],
  ])('%s is refused, and the message says what to do', (_, files, message) => {
    expect(() => prepare(files)).toThrow(invalidData(message));
  });
});
