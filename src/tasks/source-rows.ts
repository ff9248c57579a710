import { Failure } from '../domain/failures.js';

/** A record of a source file with the mapping applied, as CSV or JSON Lines gave it. */
export interface SourceRecord {
  id?: unknown;
  input?: unknown;
  target?: unknown;
}

/** Names for messages: which file, and what its columns are called there. `id` is null where rows are known by their number. */
export interface SourceFile {
  name: string;
  columns: { input: string; target: string; id: string | null };
  records: readonly SourceRecord[];
}

/** A record that has all its fields. */
export interface SourceRow {
  id: string;
  input: string;
  target: string;
  /** 1-based, header not counted. */
  row: number;
}

/**
 * Checks every record for its fields. Without an id column the id is the row number. `remedy` ends the message about a missing field.
 * @throws Failure InvalidData: an empty file, a row without a field, an id that occurs twice.
 */
export function readSourceRows(file: SourceFile, remedy: string): SourceRow[] {
  if (file.records.length === 0) throw new Failure('InvalidData', `${file.name} has no rows: give a file with at least one`);
  const rowsById = new Map<string, number>();
  const textOf = textReader(file, remedy);
  return file.records.map((record, index) => {
    const row = index + 1;
    const input = textOf(record.input, row, file.columns.input);
    const target = textOf(record.target, row, file.columns.target);
    const id = file.columns.id === null ? String(row) : textOf(idText(record.id), row, file.columns.id);
    const earlier = rowsById.get(id);
    if (earlier !== undefined) {
      const message = `${file.name} rows ${earlier} and ${row} have the same id ${JSON.stringify(id)}: give each row its own`;
      throw new Failure('InvalidData', message, { file: file.name, row, id });
    }
    rowsById.set(id, row);
    return { id, input, target, row };
  });
}

/** Ids may be numbers in JSON Lines. */
const idText = (id: unknown): unknown => (typeof id === 'number' ? String(id) : id);

function textReader(file: SourceFile, remedy: string): (value: unknown, row: number, column: string) => string {
  return (value, row, column) => {
    if (typeof value === 'string' && value.trim() !== '') return value;
    const found =
      value === undefined ? 'no field' : typeof value === 'string' ? 'an empty field' : `${kindOf(value)} instead of a text in`;
    const message = `${file.name} row ${row} has ${found} ${JSON.stringify(column)}: ${remedy}`;
    throw new Failure('InvalidData', message, { file: file.name, row, column });
  };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
