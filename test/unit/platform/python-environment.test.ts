import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Home } from '../../../src/platform/home/home.js';
import { packageFile } from '../../../src/platform/package-root.js';
import { checkPythonEnvironment, findBasePython, findPythonEnvironment } from '../../../src/platform/python/python-environment.js';
import { findUv } from '../../../src/platform/python/uv.js';
import { failure } from '../../fixtures/failure.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

/** A program of the test, in shell. */
function program(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** From here on only this folder is on PATH. */
function onlyOnPath(folder: string): void {
  vi.stubEnv('PATH', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** What a Python answers that has these packages. */
const versions = (found: Record<string, string | null>): string => `echo '${JSON.stringify(found)}'`;
const WHOLE = { torch: '2', deepspeed: '0.19', transformers: '5', tokenizers: '1', safetensors: '1', jsonschema: '4', numpy: '2' };

describe('a Python environment that is given', () => {
  test('is checked by its packages', async () => {
    const python = program(join(temporaryFolder(), 'python'), versions(WHOLE));
    expect(await checkPythonEnvironment(python)).toEqual(WHOLE);
  });

  test('without some of them is refused with their names and what to do', async () => {
    const python = program(join(temporaryFolder(), 'python'), versions({ ...WHOLE, torch: null, deepspeed: null }));
    await expect(checkPythonEnvironment(python)).rejects.toEqual(
      failure(
        'EnvironmentNotReady',
        /python lacks torch, deepspeed; install gpu-runner\/requirements\.txt there, or unset FORMWORK_PYTHON/,
      ),
    );
  });

  test('without any of them, a bare Python as it comes, is refused', async ({ skip }) => {
    const python = await findBasePython().catch(() => skip('no Python on PATH'));
    const folder = join(temporaryFolder(), 'bare');
    // Isolated from what is installed for all: -S leaves the site packages out.
    mkdirSync(folder);
    const bare = program(join(folder, 'python'), `exec '${python}' -S "$@"`);
    await expect(checkPythonEnvironment(bare)).rejects.toEqual(
      failure('EnvironmentNotReady', /lacks torch, deepspeed, transformers/),
    );
  });

  test('that is not there, or no program, is refused with the reason and what to do', async () => {
    const remedy = /set FORMWORK_PYTHON to the Python of an environment with gpu-runner\/requirements\.txt/;
    await expect(checkPythonEnvironment('/no/such/python')).rejects.toEqual(
      failure('EnvironmentNotReady', /does not run as Python: .*ENOENT/),
    );
    await expect(checkPythonEnvironment('/')).rejects.toEqual(failure('EnvironmentNotReady', /does not run as Python: .*EACCES/));
    await expect(checkPythonEnvironment('/no/such/python')).rejects.toEqual(failure('EnvironmentNotReady', remedy));
  });

  test('that is another program is refused with what to do', async () => {
    const python = program(join(temporaryFolder(), 'python'), 'true');
    await expect(checkPythonEnvironment(python)).rejects.toEqual(
      failure('EnvironmentNotReady', /does not run as Python: it ends without an answer; set FORMWORK_PYTHON/),
    );
  });

  test('that breaks says its last line', async () => {
    const python = program(
      join(temporaryFolder(), 'python'),
      'echo "Traceback" >&2; echo "ImportError: no module json" >&2; exit 1',
    );
    await expect(checkPythonEnvironment(python)).rejects.toEqual(failure('EnvironmentNotReady', /: ImportError: no module json;/));
  });
});

describe('the Python environment of a home', () => {
  const made = async (): Promise<Home> => {
    const home = new Home(temporaryFolder());
    const requirements = createHash('sha256')
      .update(await readFile(packageFile('gpu-runner', 'requirements.txt')))
      .digest('hex');
    mkdirSync(join(home.python(), 'bin'), { recursive: true });
    program(join(home.python(), 'bin', 'python'), 'true');
    writeFileSync(join(home.python(), 'formwork.json'), JSON.stringify({ requirements }));
    return home;
  };

  test('is used again when it was made of these requirements', async () => {
    const home = await made();
    expect(await findPythonEnvironment(home)).toBe(join(home.python(), 'bin', 'python'));
  });

  test('is not there before it is whole', async () => {
    const home = await made();
    rmSync(join(home.python(), 'formwork.json'));
    expect(await findPythonEnvironment(home)).toBeNull();
  });

  test('is made anew when it was made of other requirements', async () => {
    const home = await made();
    writeFileSync(join(home.python(), 'formwork.json'), JSON.stringify({ requirements: 'others' }));
    expect(await findPythonEnvironment(home)).toBeNull();
  });

  test('is made anew when the Python that it links to is gone', async () => {
    const home = await made();
    const python = join(home.python(), 'bin', 'python');
    rmSync(python);
    symlinkSync('/no/such/python', python);
    expect(await findPythonEnvironment(home)).toBeNull();
  });
});

describe('a Python to begin with', () => {
  test('is the first on PATH that is new enough', async () => {
    const folder = temporaryFolder();
    program(join(folder, 'python3'), 'echo /old/python3 3 8');
    program(join(folder, 'python'), 'echo /new/python 3 12');
    onlyOnPath(folder);
    expect(await findBasePython()).toBe('/new/python');
  });

  test('that is too old is named with its version', async () => {
    const folder = temporaryFolder();
    program(join(folder, 'python3'), 'echo /old/python3 3 9');
    program(join(folder, 'python'), 'echo /older/python 2 7');
    onlyOnPath(folder);
    await expect(findBasePython()).rejects.toEqual(
      failure(
        'EnvironmentNotReady',
        /no Python 3\.10 or newer on PATH \(python3 is 3\.9, python is 2\.7\); install one, or set FORMWORK_PYTHON/,
      ),
    );
  });

  test('that is not there at all is said so', async () => {
    onlyOnPath(temporaryFolder());
    await expect(findBasePython()).rejects.toEqual(failure('EnvironmentNotReady', /\(none at all\)/));
  });
});

describe('uv', () => {
  test('is taken from PATH, with the index that was chosen', async () => {
    const folder = temporaryFolder();
    program(join(folder, 'uv'), 'true');
    onlyOnPath(folder);
    const uv = await findUv(new Home(folder), { python: '/p', index: 'https://example.org/simple' });
    expect(uv.command).toBe(join(folder, 'uv'));
    expect(uv.env).toMatchObject({ UV_DEFAULT_INDEX: 'https://example.org/simple', UV_PYTHON_DOWNLOADS: 'never' });
  });

  test('is installed with pip where it is missing, and a Python without pip is refused with what to do', async () => {
    const folder = temporaryFolder();
    onlyOnPath(folder);
    const python = program(join(folder, 'python'), 'echo "No module named pip" >&2; exit 1');
    await expect(findUv(new Home(folder), { python, index: null })).rejects.toEqual(
      failure('EnvironmentNotReady', /python has no pip, which installs the rest; install it \(Debian: apt install python3-pip/),
    );
  });

  test('that cannot be installed says why and what to do', async () => {
    const folder = temporaryFolder();
    onlyOnPath(folder);
    const python = program(
      join(folder, 'python'),
      'case "$3" in --version) exit 0;; esac; echo "No matching distribution" >&2; exit 1',
    );
    await expect(findUv(new Home(folder), { python, index: null })).rejects.toEqual(
      failure('EnvironmentNotReady', /could not be installed: No matching distribution; check the network/),
    );
  });
});
