import { access, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { Failure } from '../../domain/failures.js';
import type { Home } from '../home/home.js';

/** Installs a 5 GB environment in under a minute where pip takes several. */
const UV = 'uv==0.13.9';

export interface Uv {
  command: string;
  env: NodeJS.ProcessEnv;
}

export interface PythonChoice {
  /** A Python 3.10 or newer to make environments with. */
  python: string;
  /** Package index to ask instead of the usual one. */
  index: string | null;
}

/** uv from PATH or from our tools, where it is installed with pip first if need be. */
export async function findUv(home: Home, choice: PythonChoice): Promise<Uv> {
  // pip's own setting counts for uv too: people behind a mirror have set it once, for pip.
  const index = choice.index ?? process.env['UV_DEFAULT_INDEX'] ?? process.env['PIP_INDEX_URL'] ?? null;
  const env = {
    UV_CACHE_DIR: process.env['UV_CACHE_DIR'] ?? join(home.tools(), 'uv-cache'),
    UV_PYTHON_DOWNLOADS: 'never',
    ...(index === null ? {} : { UV_DEFAULT_INDEX: index }),
  };
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (await isThere(join(folder, 'uv'))) return { command: join(folder, 'uv'), env };
  }
  const own = join(home.tools(), 'uv', 'bin', 'uv');
  if (!(await isThere(own))) await installUv(home, choice.python, index);
  return { command: own, env };
}

async function installUv(home: Home, python: string, index: string | null): Promise<void> {
  const folder = join(home.tools(), 'uv');
  await mkdir(home.tools(), { recursive: true });
  const pip = await execa(python, ['-m', 'pip', '--version'], { reject: false });
  if (pip.exitCode !== 0) {
    throw new Failure(
      'EnvironmentNotReady',
      `${python} has no pip, which installs the rest; install it (Debian: apt install python3-pip python3-venv), ` +
        'put uv on PATH, or set FORMWORK_PYTHON to an environment that has gpu-runner/requirements.txt',
      { python },
    );
  }
  const indexOption = index === null ? [] : ['--index-url', index];
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', folder, ...indexOption, UV];
  const installed = await execa(python, install, { reject: false });
  if (installed.exitCode === 0) return;
  throw new Failure(
    'EnvironmentNotReady',
    `${UV}, which installs the Python packages, could not be installed: ${installed.stderr.trim().split('\n').at(-1) ?? ''}; ` +
      'check the network, name another index with FORMWORK_PYTHON_INDEX, put uv on PATH, or name an environment with FORMWORK_PYTHON',
    { python },
  );
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
