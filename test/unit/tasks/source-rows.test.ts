import { describe, expect, test } from 'vitest';
import { readSourceRows as read, type SourceFile, type SourceRecord } from '../../../src/tasks/source-rows.js';
import { invalidData } from './invalid-data.js';

const file = (records: SourceRecord[], id: string | null = 'id'): SourceFile => ({
  name: 'train.csv',
  columns: { input: 'ref', target: 'mr', id },
  records,
});
const readSourceRows = (source: SourceFile) => read(source, 'fill it in');
const good = { id: 'a', input: 'x', target: 'y' };

describe('readSourceRows', () => {
  test('rows keep their ids; without an id column the row number is the id', () => {
    expect(readSourceRows(file([good])).map(({ id }) => id)).toEqual(['a']);
    expect(readSourceRows(file([good, good], null)).map(({ id }) => id)).toEqual(['1', '2']);
    expect(readSourceRows(file([{ ...good, id: 7 }])).map(({ id }) => id)).toEqual(['7']);
  });

  test.each([
    ['an empty file', file([]), 'train.csv has no rows: give a file with at least one'],
    ['a row without a field', file([good, { id: 'b', input: 'x' }]), 'train.csv row 2 has no field "mr": fill it in'],
    ['an empty field', file([{ ...good, input: '  ' }]), 'train.csv row 1 has an empty field "ref": fill it in'],
    ['null', file([{ ...good, target: null }]), 'train.csv row 1 has null instead of a text in "mr": fill it in'],
    ['a list', file([{ ...good, target: ['y'] }]), 'train.csv row 1 has a list instead of a text in "mr": fill it in'],
    [
      'a number',
      file([{ ...good, input: 3 }]),
      'train.csv row 1 has a value of type number instead of a text in "ref": fill it in',
    ],
    ['a row without an id', file([{ input: 'x', target: 'y' }]), 'train.csv row 1 has no field "id": fill it in'],
    [
      'a row of a known line',
      file([
        { ...good, line: 2 },
        { id: 'b', input: 'x', line: 5 },
      ]),
      'train.csv row 2 (line 5) has no field "mr": fill it in',
    ],
    ['an id twice', file([good, { ...good, id: 'b' }, good]), 'train.csv row 3 has the id "a" of row 1: give each row its own'],
  ])('%s is refused with file, row and remedy', (_, source, message) => {
    expect(() => readSourceRows(source)).toThrow(invalidData(message));
  });
});
