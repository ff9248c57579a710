import { describe, expect, test } from 'vitest';
import type { DataSource } from '../../../src/contract/plan.js';
import { parseSource, sourcePaths } from '../../../src/tasks/parse-source.js';
import type { SourceFile } from '../../../src/tasks/source-rows.js';
import { invalidData } from './invalid-data.js';

const source = (train: string, id: string | null = null): DataSource => ({
  kind: 'files',
  train,
  validation: null,
  test: null,
  mapping: { input: 'ref', target: 'mr', id },
  heldOutShare: 0.1,
  seed: 17,
});

function parse(name: string, content: string | Uint8Array, id: string | null = null): SourceFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const parsed = parseSource(source(`/data/${name}`, id), new Map([[`/data/${name}`, bytes]]));
  if (parsed.kind !== 'files') throw new Error('expected files');
  return parsed.train;
}

describe('the files of a source', () => {
  test('are each named once, and practice rows have none', () => {
    expect(sourcePaths({ ...source('/a.csv'), validation: '/b.csv', test: '/a.csv' } as DataSource)).toEqual(['/a.csv', '/b.csv']);
    expect(sourcePaths({ kind: 'practice', seed: 1 })).toEqual([]);
    expect(parseSource({ kind: 'practice', seed: 1 }, new Map())).toEqual({ kind: 'practice', seed: 1 });
  });

  test('have to be read before they are parsed', () => {
    expect(() => parseSource(source('/a.csv'), new Map())).toThrow(RangeError);
  });
});

describe('CSV', () => {
  test('gives the mapped columns and the line on which each row ends', () => {
    const { name, columns, records } = parse('a.csv', '\uFEFFmr,extra,ref\nx,1,"two\nlines"\n\ny,2,one\n');
    expect(name).toBe('a.csv');
    expect(columns).toEqual({ input: 'ref', target: 'mr', id: null });
    expect(records).toEqual([
      { input: 'two\nlines', target: 'x', line: 3 },
      { input: 'one', target: 'y', line: 5 },
    ]);
  });

  test('with a header alone has no records', () => {
    expect(parse('a.csv', 'ref,mr\n').records).toEqual([]);
  });

  test.each([
    [
      'a quote that is not closed',
      'ref,mr\n"a,b\n',
      /a\.csv is not CSV with a header row: Quote Not Closed.*line 2; correct that line/,
    ],
    ['a row with too many fields', 'ref,mr\na,b\na,b,c\n', /columns length is 2, got 3 on line 3; correct that line/],
  ])('with %s is refused with file and line', (_, text, message) => {
    expect(() => parse('a.csv', text)).toThrow(message);
  });
});

describe('JSON Lines', () => {
  test('give the mapped keys and the line of each row', () => {
    expect(parse('a.jsonl', '{"ref":"a","mr":"x","n":1}\n\n{"mr":"y"}\n', 'n').records).toEqual([
      { input: 'a', target: 'x', id: 1, line: 1 },
      { input: undefined, target: 'y', id: undefined, line: 3 },
    ]);
  });

  test.each([
    ['that is cut off', '{"ref":"a","mr":"x"}\n{"ref":', /a\.jsonl line 2 is not a JSON object: .+; correct that line/],
    ['that is a list', '[1]\n', /a\.jsonl line 1 is not a JSON object: it is a list; correct that line/],
    ['that is null', 'null\n', /line 1 is not a JSON object: it is the value null; correct that line/],
  ])('with a line %s are refused with file and line', (_, text, message) => {
    expect(() => parse('a.jsonl', text)).toThrow(message);
  });
});

describe('either', () => {
  test('without a mapped column is refused with those that are there', () => {
    expect(() => parse('a.csv', 'text,mr\na,b\n')).toThrow(
      invalidData('a.csv has no column "ref", only "text", "mr": name the right one in data.mapping.input'),
    );
    expect(() => parse('a.jsonl', '{"ref":"a"}\n{"id":1}\n', 'id')).toThrow(
      invalidData('a.jsonl has no column "mr", only "ref", "id": name the right one in data.mapping.target'),
    );
  });

  test('in another encoding is refused', () => {
    const latin1 = Buffer.from('ref,mr\nPokémon,b\n', 'latin1');
    expect(() => parse('a.csv', latin1)).toThrow(invalidData('a.csv is not UTF-8 text: save it as UTF-8'));
  });
});
