import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BadRequest } from './bad-input.js';

const INVALID_REQUEST = { kind: 'InvalidRequest', exit: 2 } as const;
const INVALID_DATA = { kind: 'InvalidData', exit: 2 } as const;

const row = (name: string): { ref: string; mr: string } => ({ ref: `It is called ${name}.`, mr: `inform(name[${name}])` });

/** A request whose training rows are in this file; `content` null: the file is not made. */
const training =
  (name: string, content: string | Uint8Array | null, data: object = {}) =>
  (folder: string): unknown => {
    const path = join(folder, name);
    if (content !== null) writeFileSync(path, content);
    return { data: { train: `file:${path}`, ...data } };
  };

const jsonLines = (...rows: readonly unknown[]): string => rows.map((one) => `${JSON.stringify(one)}\n`).join('');

export const badDataFiles: readonly BadRequest[] = [
  {
    ...INVALID_REQUEST,
    title: 'a file that is not there is refused by its path',
    request: training('train.csv', null),
    says: ['- data.train: expected a readable file at /', 'train.csv, but there is none'],
  },
  {
    ...INVALID_REQUEST,
    title: 'an empty file is refused',
    request: training('train.jsonl', ''),
    says: ['- data.train: expected rows in /', 'train.jsonl, but the file is empty'],
  },
  {
    ...INVALID_REQUEST,
    title: 'a directory is refused',
    request: (folder: string): unknown => {
      mkdirSync(join(folder, 'train.csv'));
      return training('train.csv', null)(folder);
    },
    says: ['- data.train: expected a file at /', 'train.csv, but it is a directory'],
  },
  {
    ...INVALID_REQUEST,
    title: 'a format that is not read is refused with those that are',
    request: training('train.xlsx', 'PK'),
    says: ['- data.train: expected a name that ends in .jsonl or .csv, got /', 'train.xlsx'],
  },
  {
    ...INVALID_DATA,
    title: 'a header without rows is refused',
    request: training('train.csv', 'ref,mr\n'),
    says: ['train.csv has no rows: give a file with at least one'],
  },
  {
    ...INVALID_DATA,
    title: 'a row without a field is refused with its line and the field',
    request: training('train.jsonl', `${jsonLines(row('A'))}\n${jsonLines({ ref: 'It is called B.' })}`),
    says: ['train.jsonl row 2 (line 3) has no field "mr": fill it in, or name the right column in data.mapping'],
  },
  {
    ...INVALID_DATA,
    title: 'a row with a number for its text is refused with its line and the field',
    request: training('train.jsonl', jsonLines(row('A'), { ...row('B'), ref: 7 })),
    says: ['train.jsonl row 2 (line 2) has a value of type number instead of a text in "ref": fill it in'],
  },
  {
    ...INVALID_DATA,
    title: 'ids that occur twice are refused with both lines',
    request: training('train.jsonl', jsonLines({ id: 7, ...row('A') }, { id: 8, ...row('B') }, { id: 7, ...row('C') }), {
      mapping: { id: 'id' },
    }),
    says: ['train.jsonl row 3 (line 3) has the id "7" of row 1 (line 1): give each row its own'],
  },
  {
    ...INVALID_DATA,
    title: 'a line of JSON that breaks off is refused with its number',
    request: training('train.jsonl', `${jsonLines(row('A'))}{"ref": "It is`),
    says: ['train.jsonl line 2 is not a JSON object: ', '; correct that line'],
  },
  {
    ...INVALID_DATA,
    title: 'a quote that is not closed in CSV is refused with its line',
    request: training('train.csv', 'ref,mr\na,inform(name[A])\n"b,inform(name[B])\n'),
    says: ['train.csv is not CSV with a header row: ', 'line 3', '; correct that line'],
  },
  {
    ...INVALID_DATA,
    title: 'a CSV row with a comma too many is refused with both numbers and its line',
    request: training('train.csv', 'ref,mr\nOne, and another,inform(name[A])\n'),
    says: ['train.csv is not CSV with a header row: ', 'columns length is 2, got 3 on line 2', '; correct that line'],
  },
  {
    ...INVALID_DATA,
    title: 'a column that is not there is refused with those that are',
    request: training('train.csv', 'sentence,meaning\na,inform(name[A])\n'),
    says: ['train.csv has no column "ref", only "sentence", "meaning": name the right one in data.mapping.input'],
  },
  {
    ...INVALID_DATA,
    title: 'another encoding than UTF-8 is refused',
    request: training('train.csv', Buffer.from('ref,mr\nPokémon,inform(name[A])\n', 'latin1')),
    says: ['train.csv is not UTF-8 text: save it as UTF-8'],
  },
  {
    ...INVALID_DATA,
    title: 'a special token in a text is refused with its line',
    request: training('train.jsonl', jsonLines(row('A'), { ...row('B'), ref: 'B <END_A> C' })),
    says: ['train.jsonl row 2 (line 2) contains the special token <END_A>: remove it from the text'],
  },
  {
    ...INVALID_DATA,
    title: 'targets of another task are refused with the first and why',
    request: training('train.csv', 'ref,mr\nHow many?,42\n'),
    says: ['train.csv has no usable row: of 1, each was refused; row 1 (line 2): there is no call', 'data.mapping.target ("mr")'],
  },
  {
    ...INVALID_DATA,
    title: 'training rows that leave no validation rows are refused with what to change',
    request: training('train.jsonl', jsonLines(row('A')), { heldOutShare: 0.01 }),
    says: [
      'there are no validation rows: give a file as data.validation, training rows of more groups than 1, or a larger data.heldOutShare',
    ],
  },
  {
    ...INVALID_DATA,
    title: 'a broken test file is found too, though it is read last',
    request: (folder: string): unknown => {
      const rows = Array.from({ length: 50 }, (_, index) => row(`Game ${index}`));
      const test = join(folder, 'test.jsonl');
      writeFileSync(test, '[]\n');
      return training('train.jsonl', jsonLines(...rows), { test: `file:${test}` })(folder);
    },
    says: ['test.jsonl line 1 is not a JSON object: it is a list; correct that line'],
  },
];
