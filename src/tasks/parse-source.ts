import { CsvError, parse } from 'csv-parse/sync';
import type { DataSource } from '../contract/plan.js';
import { Failure } from '../domain/failures.js';
import type { DatasetSource } from './prepare-dataset.js';
import type { SourceFile, SourceRecord } from './source-rows.js';

type FileSource = Extract<DataSource, { kind: 'files' }>;

/** The bytes of the files that a source names, by path. */
export type SourceContents = ReadonlyMap<string, Uint8Array>;

/** Every file of a source, each once; practice rows have none. */
export function sourcePaths(data: DataSource): string[] {
  if (data.kind === 'practice') return [];
  return [...new Set([data.train, data.validation, data.test].filter((path) => path !== null))];
}

/**
 * A source with its files parsed and their columns mapped: CSV with a header row, or JSON Lines, by the end of the name.
 * @throws Failure InvalidData with file and line: not UTF-8, not CSV or JSON Lines, or a column that no row has.
 */
export function parseSource(data: DataSource, contents: SourceContents): DatasetSource {
  if (data.kind === 'practice') return data;
  const file = (path: string): SourceFile => parseFile(path, contentOf(path, contents), data.mapping);
  return {
    kind: 'files',
    train: file(data.train),
    validation: data.validation === null ? null : file(data.validation),
    test: data.test === null ? null : file(data.test),
    heldOutShare: data.heldOutShare,
    seed: data.seed,
  };
}

function contentOf(path: string, contents: SourceContents): Uint8Array {
  const content = contents.get(path);
  if (content === undefined) throw new RangeError(`${path} is not among the contents; read every file of sourcePaths`);
  return content;
}

/** A row as it was parsed, and the line on which it ends. */
interface ParsedRow {
  line: number;
  fields: Record<string, unknown>;
}

function parseFile(path: string, content: Uint8Array, mapping: FileSource['mapping']): SourceFile {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const text = decode(name, content);
  const { rows, columns } = path.endsWith('.csv') ? parseCsv(name, text) : parseJsonLines(name, text);
  for (const [field, column] of Object.entries(mapping)) {
    if (column === null || rows.length === 0 || columns.includes(column)) continue;
    const there = columns.map((one) => JSON.stringify(one)).join(', ');
    const message = `${name} has no column ${JSON.stringify(column)}, only ${there}: name the right one in data.mapping.${field}`;
    throw new Failure('InvalidData', message, { file: name, column });
  }
  const records = rows.map(({ line, fields }): SourceRecord => ({
    line,
    input: fields[mapping.input],
    target: fields[mapping.target],
    ...(mapping.id === null ? {} : { id: fields[mapping.id] }),
  }));
  return { name, columns: mapping, records };
}

/** A replacement character in the place of a letter would be learnt like any other. */
function decode(name: string, content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    const message = `${name} is not UTF-8 text: save it as UTF-8`;
    throw new Failure('InvalidData', message, { file: name }, { cause: error });
  }
}

function parseCsv(name: string, text: string): { rows: ParsedRow[]; columns: string[] } {
  let columns: string[] = [];
  const header = (names: string[]): string[] => (columns = names);
  try {
    const rows = parse(text, { columns: header, skip_empty_lines: true, info: true }) as unknown as {
      record: Record<string, unknown>;
      info: { lines: number };
    }[];
    return { columns, rows: rows.map(({ record, info }) => ({ line: info.lines, fields: record })) };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const message = `${name} is not CSV with a header row: ${error.message}; correct that line`;
    throw new Failure('InvalidData', message, { file: name }, { cause: error });
  }
}

function parseJsonLines(name: string, text: string): { rows: ParsedRow[]; columns: string[] } {
  const columns = new Set<string>();
  const rows = text.split('\n').flatMap((line, index): ParsedRow[] => {
    if (line.trim() === '') return [];
    const fields = parseObject(name, line, index + 1);
    for (const key of Object.keys(fields)) columns.add(key);
    return [{ line: index + 1, fields }];
  });
  return { rows, columns: [...columns] };
}

function parseObject(name: string, text: string, line: number): Record<string, unknown> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new Failure(
      'InvalidData',
      `${name} line ${line} is not a JSON object: ${why}; correct that line`,
      { file: name, line },
      { cause },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse((error as Error).message, error);
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(`it is ${Array.isArray(value) ? 'a list' : `the value ${text.trim().slice(0, 40)}`}`);
}
