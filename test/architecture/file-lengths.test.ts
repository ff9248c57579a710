import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../../src/platform/package-root.js';

// They follow from one responsibility a file; where one is met, the file has two.
const LIMITS = [
  { folders: ['src', 'activities', 'workflows', 'workers', 'bin', 'test'], extension: '.ts', most: 400, median: 70 },
  { folders: ['gpu-runner/gpu_runner', 'gpu-runner/tests', 'test'], extension: '.py', most: 450, median: null },
];

const linesOf = (path: string): number => readFileSync(path, 'utf8').trimEnd().split('\n').length;

test.each(LIMITS)('no $extension file has more than $most lines', ({ folders, extension, most }) => {
  const files = filesBelow(folders, extension);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((path) => linesOf(path) > most)).toEqual([]);
});

test.each(LIMITS.filter(({ median }) => median !== null))(
  'half of the $extension files of the product have at most $median lines',
  ({ folders, extension, median }) => {
    const product = folders.filter((folder) => folder !== 'test');
    const lengths = filesBelow(product, extension).map(linesOf);
    lengths.sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(median ?? 0);
  },
);

function filesBelow(folders: readonly string[], extension: string): string[] {
  return folders.flatMap((folder) =>
    readdirSync(packageFile(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}
