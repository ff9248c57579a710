import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { RunReport } from '../../src/contract/report.js';
import { packageRoot } from '../../src/platform/package-root.js';
import { Sandbox } from './sandbox.js';

const box = new Sandbox();
afterAll(() => box.close());

it('npm start learns the practice task to its bar, tells the result in three lines and leaves nothing running', async () => {
  const started = box.run('npm', ['start', '--silent', '--', '--exit'], { cwd: packageRoot });
  expect(await started.ended, started.stderr).toBe(0);

  const lines = started.stdout.trimEnd().split('\n');
  const result = lines.slice(lines.findIndex((line) => line.startsWith('before ')));
  expect(result.map((line) => line.split(/\s{2,}/)[0])).toEqual(['before', 'after', 'difference', 'report', 'run', 'stopped']);

  const path = (result[3] as string).split(/\s{2,}/)[1] as string;
  expect(path.startsWith(box.home)).toBe(true);
  const report = RunReport.parse(JSON.parse(readFileSync(path.replace(/html$/, 'json'), 'utf8')));
  const { comparison, nearestNeighbour } = report.headline;
  expect(comparison.before.value).toBeLessThan(0.05);
  expect(comparison.after.value).toBeGreaterThanOrEqual(0.9);
  expect(report.parts.find(({ name }) => name === 'exact')?.after.value).toBeGreaterThanOrEqual(0.75);
  // Looking the answer up in the training rows is no way to it.
  expect(nearestNeighbour.value).toBeLessThan(0.4);
  expect(readFileSync(join(path, '..', 'report.md'), 'utf8')).toContain('practice data');

  expect(box.processes()).toEqual([]);
  expect(box.listening()).toEqual([]);
});
