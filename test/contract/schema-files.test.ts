import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schemaFiles } from '../../src/contract/schema-files.js';
import { packageFile } from '../../src/platform/package-root.js';

const files = schemaFiles();

test.each(Object.keys(files))('%s is what the contract generates now; if not, run npm run schema', (name) => {
  expect(readFileSync(packageFile('gpu-runner', 'gpu_runner', 'schema', name), 'utf8')).toBe(files[name]);
});

test('gpu_runner has no schema that nobody generates', () => {
  expect(readdirSync(packageFile('gpu-runner', 'gpu_runner', 'schema')).sort()).toEqual(Object.keys(files).sort());
});
