import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';

const beside = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** Folder of the public data sets, which the repository does not hold; null, with one line that says so, where it is absent. */
export function testDataFolder(name: string): string | null {
  const folder = join(process.env.FORMWORK_TEST_DATA ?? beside, name);
  if (existsSync(folder)) return folder;
  console.warn(`skipped: no ${name} data at ${folder}; set FORMWORK_TEST_DATA to the folder that has it`);
  return null;
}

export function readCsv(path: string): Record<string, string>[] {
  return parse(readFileSync(path), { columns: true, bom: true });
}
