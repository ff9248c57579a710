import { Failure } from '../domain/failures.js';

/** A record of a source file with the mapping applied, as CSV or JSON Lines gave it. */
export interface SourceRecord {
  id?: unknown;
  input?: unknown;
  target?: unknown;
  /** 1-based line of the file on which the record ends; absent where it came from no file. */
  line?: number;
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
  /** 1-based, header and empty lines not counted. */
  row: number;
  /** Where a person finds it, e.g. "row 2 (line 3)". */
  place: string;
}

/**
 * Checks every record for its fields. Without an id column the id is the row number. `remedy` ends the message about a missing field.
 * @throws Failure InvalidData: an empty file, a row without a field, an id that occurs twice.
 */
export function readSourceRows(file: SourceFile, remedy: string): SourceRow[] {
  if (file.records.length === 0) throw new Failure('InvalidData', `${file.name} has no rows: give a file with at least one`);
  const placesById = new Map<string, string>();
  const textOf = textReader(file, remedy);
  return file.records.map((record, index) => {
    const row = index + 1;
    const place = record.line === undefined ? `row ${row}` : `row ${row} (line ${record.line})`;
    const text = (value: unknown, column: string): string => textOf(value, { row, place, column });
    const input = text(record.input, file.columns.input);
    const target = text(record.target, file.columns.target);
    const id = file.columns.id === null ? String(row) : text(idText(record.id), file.columns.id);
    const earlier = placesById.get(id);
    if (earlier !== undefined) {
      const message = `${file.name} ${place} has the id ${JSON.stringify(id)} of ${earlier}: give each row its own`;
      throw new Failure('InvalidData', message, { file: file.name, row, id });
    }
    placesById.set(id, place);
    return { id, input, target, row, place };
  });
}

/** Ids may be numbers in JSON Lines. */
const idText = (id: unknown): unknown => (typeof id === 'number' ? String(id) : id);

interface FieldPlace {
  row: number;
  place: string;
  column: string;
}

function textReader(file: SourceFile, remedy: string): (value: unknown, at: FieldPlace) => string {
  return (value, { row, place, column }) => {
    if (typeof value === 'string' && value.trim() !== '') return value;
    const found =
      value === undefined ? 'no field' : typeof value === 'string' ? 'an empty field' : `${kindOf(value)} instead of a text in`;
    const message = `${file.name} ${place} has ${found} ${JSON.stringify(column)}: ${remedy}`;
    throw new Failure('InvalidData', message, { file: file.name, row, column });
  };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
