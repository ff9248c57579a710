import type { ObjectStore } from './port.js';

/** null for what is missing. @throws SyntaxError for what is torn. */
export async function readJsonObject(store: ObjectStore, key: string): Promise<unknown> {
  const content = await store.get(key);
  return content === null ? null : (JSON.parse(content.toString('utf8')) as unknown);
}

/** null for what is missing or torn: for whoever passes over what a run itself passes over. */
export async function readableJson(store: ObjectStore, key: string): Promise<unknown> {
  try {
    return await readJsonObject(store, key);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const toJsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;
