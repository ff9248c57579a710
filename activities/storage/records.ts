import type { z } from 'zod';
import { Failure } from '../../src/domain/failures.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';

export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A JSON record held against its schema; null when there is none. @throws Failure InvalidData for one that does not fit. */
export async function readRecord<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T | null> {
  const content = await store.get(key);
  return content === null ? null : parseRecord(content.toString('utf8'), schema, `${store.uri}/${key}`);
}

export async function readRequiredRecord<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T> {
  const record = await readRecord(store, key, schema);
  if (record === null)
    throw new Failure('InvalidData', `${store.uri} has no ${key}, which an earlier stage wrote; was the store cleaned?`, { key });
  return record;
}

/** Records of a JSON Lines object. */
export async function readRecords<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T[]> {
  const content = await store.get(key);
  if (content === null) throw new Failure('InvalidData', `${store.uri} has no ${key}`, { key });
  const lines = content
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line, index) => parseRecord(line, schema, `${store.uri}/${key} line ${index + 1}`));
}

export const toJsonLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

function parseRecord<T>(text: string, schema: z.ZodType<T>, where: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure(
      'InvalidData',
      `${where} is not what formwork wrote there: ${String(error).slice(0, 300)}`,
      { where },
      { cause: error },
    );
  }
}
