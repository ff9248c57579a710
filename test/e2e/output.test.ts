import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFile } from '../../src/platform/package-root.js';
import { Sandbox } from './sandbox.js';

/** Their list is 360 KiB, where a pipe of Linux holds 64 KiB and a pair of sockets some 200. */
const RUNS = 4_000;
const LIST = `"${process.execPath}" "${packageFile('bin', 'formwork.mjs')}" list --json`;

const box = new Sandbox();
afterAll(() => box.close());

beforeAll(() => {
  for (let run = 1; run <= RUNS; run += 1) {
    const folder = join(box.home, 'store', 'runs', `run-${run}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'request.json'), '{}');
  }
});

it('a list that is longer than a pipe has room for reaches a reader that takes its time', async () => {
  const listed = box.run('bash', ['-c', `set -o pipefail; ${LIST} | (read -r first; echo "$first"; cat) | wc -l`]);
  expect(await listed.ended, listed.stderr).toBe(0);
  expect(Number(listed.stdout)).toBe(RUNS);
});

it('a reader that has read enough is no error', async () => {
  const listed = box.run('bash', ['-c', `set -o pipefail; ${LIST} | head -1`]);
  expect(await listed.ended, listed.stderr).toBe(0);
  expect(listed.stdout.trim().split('\n')).toHaveLength(1);
  expect(listed.stderr).toBe('');
});
