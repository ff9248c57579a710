import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { Failure } from '../../src/domain/failures.js';
import type { SourceFile } from '../../src/tasks/source-rows.js';

export interface ColumnMapping {
  input: string;
  target: string;
  id: string | null;
}

/** Reads a CSV file with a header, or JSON Lines, and takes out the mapped columns. @throws Failure InvalidData with file and line. */
export async function readSourceFile(path: string, mapping: ColumnMapping): Promise<SourceFile> {
  const name = basename(path);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      'InvalidData',
      `${path} cannot be read (${error.code}); correct the path or its permissions`,
      { path },
      { cause: error },
    );
  });
  const objects = path.endsWith('.csv') ? readCsv(name, text) : readJsonLines(name, text);
  const columns = { input: mapping.input, target: mapping.target, id: mapping.id };
  const records = objects.map((object) => ({
    input: object[mapping.input],
    target: object[mapping.target],
    ...(mapping.id === null ? {} : { id: object[mapping.id] }),
  }));
  return { name, columns, records };
}

function readCsv(name: string, text: string): Record<string, unknown>[] {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Failure(
      'InvalidData',
      `${name} is not CSV with a header row: ${error.message}; correct that line`,
      { name },
      { cause: error },
    );
  }
}

function readJsonLines(name: string, text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return [Object.fromEntries(Object.entries(value))];
      throw new Error('it is not an object');
    } catch (error) {
      const message = `${name} line ${index + 1} is not a JSON object: ${(error as Error).message}; correct that line`;
      throw new Failure('InvalidData', message, { name, line: index + 1 }, { cause: error });
    }
  });
}
