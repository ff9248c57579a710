import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { page } from './page.js';

const root = new URL('../../../', import.meta.url);
const names = readdirSync(fileURLToPath(new URL('docs/', root)))
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.slice(0, -'.md'.length));
const isThere = (path: string): boolean => existsSync(fileURLToPath(new URL(path, root)));

/** A path of the repository in backticks: below one of its folders, and without a placeholder. */
const REPOSITORY_PATH = /`((?:src|workflows|activities|workers|bin|docker|gpu-runner|test|docs|examples)\/[\w./-]+\.\w+)`/g;

describe.each(names)('docs/%s.md', (name) => {
  test('links to pages that are there', () => {
    for (const [, link] of page(name).matchAll(/\]\((?!https?:)([^)#]+)/g)) expect(isThere(`docs/${link}`), link).toBe(true);
  });

  test('names files that are there', () => {
    for (const [, path] of page(name).matchAll(REPOSITORY_PATH)) {
      const ignored = path === 'docker/.env';
      expect(ignored || isThere(path as string), path).toBe(true);
    }
  });
});
