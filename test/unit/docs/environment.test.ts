import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RunNotice } from '../../../src/contract/notice.js';
import { code, codeBlocks, page, tableRows } from './page.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Everything of the product that may read or set a variable; tests and what is generated are not. */
const SOURCES = ['src', 'workflows', 'activities', 'workers', 'bin', 'docker', join('gpu-runner', 'gpu_runner')];

function variablesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .flatMap((entry) => {
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      return [...text.matchAll(/FORMWORK_[A-Z_]+[A-Z]/g)].map(([name]) => name);
    });
}

describe('docs/running.md', () => {
  const listed = tableRows(page('running'), 'variable').map(([name]) => code(name as string));
  // What a script of the tests reads is theirs.
  const used = new Set(SOURCES.flatMap(variablesIn).filter((name) => !name.startsWith('FORMWORK_TEST_')));

  test('lists every FORMWORK_ variable of the sources, and no other', () => {
    expect([...listed].sort()).toEqual([...used].sort());
  });

  test('lists each once', () => {
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('shows a notice as it is posted', () => {
    const [notice] = codeBlocks(page('running')).filter((block) => block.includes('"runKey"'));
    expect(RunNotice.safeParse(JSON.parse(notice as string)).error).toBeUndefined();
  });
});
