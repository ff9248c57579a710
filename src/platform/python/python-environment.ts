import { createHash } from 'node:crypto';
import { access, constants, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { Failure } from '../../domain/failures.js';
import { readJson, writeJson } from '../files.js';
import type { Home } from '../home/home.js';
import { packageFile } from '../package-root.js';
import { findUv, type PythonChoice } from './uv.js';

const Stamp = z.object({ requirements: z.string() });

/** Versions that torch 2.15 has wheels for start here. */
const OLDEST_PYTHON = [3, 10] as const;

const requirementsFile = (): string => packageFile('gpu-runner', 'requirements.txt');

/** The Python of our own environment, when it is whole and of these requirements; null when it has to be made. */
export async function findPythonEnvironment(home: Home): Promise<string | null> {
  const stamp = await readJson(join(home.python(), 'formwork.json'), Stamp);
  if (stamp?.requirements !== (await requirementsHash())) return null;
  // It is a link to the Python that it was made from, which may be gone.
  const isThere = await access(environmentPython(home), constants.X_OK).then(
    () => true,
    () => false,
  );
  return isThere ? environmentPython(home) : null;
}

/** Makes the environment anew. About 5 GB on disk, most of it PyTorch. */
export async function makePythonEnvironment(home: Home, choice: PythonChoice): Promise<string> {
  const uv = await findUv(home, choice);
  await rm(home.python(), { recursive: true, force: true });
  const made = await execa(uv.command, ['venv', '--quiet', '--python', choice.python, home.python()], {
    env: uv.env,
    reject: false,
  });
  if (made.exitCode !== 0) {
    throw new Failure(
      'EnvironmentNotReady',
      `no environment could be made with ${choice.python}: ${lastLine(made.stderr) || made.shortMessage}; name another one with FORMWORK_PYTHON`,
      { python: choice.python },
    );
  }
  // Another index may carry other builds of the same versions, e.g. without CUDA: their hashes are not in our list.
  const verify = choice.index === null ? [] : ['--no-verify-hashes'];
  const python = environmentPython(home);
  const result = await execa(
    uv.command,
    ['pip', 'install', '--quiet', '--compile-bytecode', '--python', python, ...verify, '-r', requirementsFile()],
    {
      env: uv.env,
      reject: false,
    },
  );
  if (result.exitCode !== 0) {
    throw new Failure(
      'EnvironmentNotReady',
      `the Python packages could not be installed: ${result.stderr.trim().split('\n').slice(-5).join(' ')}; ` +
        'check the network and the disk (5.5 GB), name another index with FORMWORK_PYTHON_INDEX, or an environment with FORMWORK_PYTHON',
    );
  }
  await writeJson(join(home.python(), 'formwork.json'), { requirements: await requirementsHash() });
  return python;
}

/** A Python on PATH that is new enough. @throws Failure EnvironmentNotReady with what was found instead. */
export async function findBasePython(): Promise<string> {
  const found: string[] = [];
  for (const name of ['python3', 'python']) {
    const result = await execa(name, ['-c', 'import sys; print(sys.executable, *sys.version_info[:2])'], { reject: false });
    if (result.exitCode !== 0) continue;
    const [path, major, minor] = result.stdout.trim().split(' ');
    if (Number(major) === OLDEST_PYTHON[0] && Number(minor) >= OLDEST_PYTHON[1]) return path as string;
    found.push(`${name} is ${major}.${minor}`);
  }
  throw new Failure(
    'EnvironmentNotReady',
    `no Python ${OLDEST_PYTHON.join('.')} or newer on PATH (${found.join(', ') || 'none at all'}); install one, or set FORMWORK_PYTHON`,
  );
}

/**
 * Holds a given environment against our requirements without importing them.
 * @returns versions by package. @throws Failure EnvironmentNotReady that lists what is missing.
 */
export async function checkPythonEnvironment(python: string): Promise<Record<string, string>> {
  const code =
    'import json,sys\nfrom importlib.metadata import version, PackageNotFoundError as e\nout={}\n' +
    'for p in sys.argv[1:]:\n  try: out[p]=version(p)\n  except e: out[p]=None\nprint(json.dumps(out))';
  const result = await execa(python, ['-c', code, ...REQUIRED], { reject: false });
  const versions = result.exitCode === 0 ? Versions.safeParse(jsonOrNull(result.stdout)).data : undefined;
  if (versions === undefined) {
    const reason = result.exitCode === 0 ? 'it ends without an answer' : (result.originalMessage ?? result.shortMessage);
    throw new Failure(
      'EnvironmentNotReady',
      `${python} does not run as Python: ${lastLine(result.stderr) || reason}; ` +
        'set FORMWORK_PYTHON to the Python of an environment with gpu-runner/requirements.txt, or unset it to have one made',
      { python },
    );
  }
  const missing = REQUIRED.filter((name) => versions[name] == null);
  if (missing.length > 0) {
    throw new Failure(
      'EnvironmentNotReady',
      `${python} lacks ${missing.join(', ')}; install gpu-runner/requirements.txt there, or unset FORMWORK_PYTHON to have one made`,
      { python, missing },
    );
  }
  return versions as Record<string, string>;
}

const Versions = z.record(z.string(), z.string().nullable());

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever was asked is no Python; the caller says so.
    return null;
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** What gpu_runner imports itself. */
const REQUIRED = ['torch', 'deepspeed', 'transformers', 'tokenizers', 'safetensors', 'jsonschema', 'numpy'];

const environmentPython = (home: Home): string => join(home.python(), 'bin', 'python');

async function requirementsHash(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(requirementsFile()))
    .digest('hex');
}
