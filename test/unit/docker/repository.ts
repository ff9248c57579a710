import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file of the repository. */
export const repositoryPath = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const read = (path: string): string => readFileSync(repositoryPath(path), 'utf8');

/** What the pattern's first group matches in a file. @throws when the file does not say it. */
export function said(path: string, pattern: RegExp): string {
  const found = pattern.exec(read(path))?.[1];
  if (found === undefined) throw new Error(`${path} has nothing that matches ${pattern}`);
  return found;
}
