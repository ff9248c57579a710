import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeReadOnly, smallDisk } from '../../fixtures/small-disk.js';
import type { BadCommand, CommandLine } from './bad-input.js';

const TOO_EARLY = { kind: null, exit: 3 } as const;
const NOT_READY = { kind: 'EnvironmentNotReady', exit: 3 } as const;

/** A run of all defaults, in this environment. */
const running = (env: NodeJS.ProcessEnv) => (): CommandLine => ({ args: ['run'], env });

/** A program of the case's own, in shell. */
function program(folder: string, name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** Node, told before anything else runs that it is another. */
const pretending = (folder: string, code: string): NodeJS.ProcessEnv => {
  const path = join(folder, 'pretend.cjs');
  writeFileSync(path, code);
  return { NODE_OPTIONS: `--require ${path}` };
};

const OLD_NODE = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });";

export const badEnvironments: readonly BadCommand[] = [
  {
    ...NOT_READY,
    title: 'a home that is a file is refused with FORMWORK_HOME',
    command: (folder: string): CommandLine => {
      writeFileSync(join(folder, 'home'), '');
      return { args: ['run'], home: join(folder, 'home') };
    },
    says: ['/home cannot be written to: ', 'make it writable, free space, or set FORMWORK_HOME'],
  },
  {
    ...NOT_READY,
    title: 'a read-only home is refused with FORMWORK_HOME, also when everything in it is there',
    command: (): CommandLine | null => {
      const disk = smallDisk(512);
      if (disk === null) return null;
      for (const name of ['store', 'tools', 'server', 'control', 'nodes']) mkdirSync(join(disk, name));
      writeFileSync(join(disk, 'installation.json'), '{"id": "there"}');
      makeReadOnly(disk);
      return { args: ['run'], home: disk };
    },
    says: [' cannot be written to: the file system is read-only; make it writable', 'or set FORMWORK_HOME'],
  },
  {
    kind: 'DiskFull',
    exit: 3,
    title: 'a full disk under the home is refused with its name',
    command: (): CommandLine | null => {
      const disk = smallDisk(1);
      if (disk === null) return null;
      fill(join(disk, 'filler'));
      return { args: ['up'], home: join(disk, 'home') };
    },
    says: ['/home cannot be written to: the disk is full; ', 'free space, or set FORMWORK_HOME'],
  },
  {
    ...NOT_READY,
    title: 'a disk that is too small for the run is refused with both sizes',
    command: (): CommandLine | null => {
      const disk = smallDisk(8);
      return disk === null ? null : { args: ['run'], home: join(disk, 'home') };
    },
    says: [
      'a run of tiny writes at least 37 MB, and /',
      '/home has 8 MB free; formwork prune shows what can go; or set FORMWORK_HOME to a larger disk',
    ],
  },
  {
    ...NOT_READY,
    title: 'FORMWORK_PYTHON that is not there is refused by its path',
    command: running({ FORMWORK_PYTHON: '/no/such/python' }),
    says: ['/no/such/python does not run as Python: ', 'ENOENT', 'set FORMWORK_PYTHON to the Python of an environment'],
  },
  {
    ...NOT_READY,
    title: 'FORMWORK_PYTHON that is another program is refused by its path',
    command: (folder: string): CommandLine => running({ FORMWORK_PYTHON: program(folder, 'python', 'true') })(),
    says: ['/python does not run as Python: it ends without an answer; set FORMWORK_PYTHON'],
  },
  {
    ...NOT_READY,
    title: 'FORMWORK_PYTHON without the packages is refused with their names',
    command: (folder: string): CommandLine => running({ FORMWORK_PYTHON: bareEnvironment(folder) })(),
    says: [
      '/bin/python lacks torch, deepspeed, transformers',
      'install gpu-runner/requirements.txt there, or unset FORMWORK_PYTHON',
    ],
  },
  {
    ...NOT_READY,
    title: 'a Python without pip, and no uv, is refused with what to install',
    command: (folder: string): CommandLine => running({ FORMWORK_PYTHON: undefined, PATH: join(bareEnvironment(folder), '..') })(),
    says: ['/bin/python3 has no pip, which installs the rest; install it', 'put uv on PATH, or set FORMWORK_PYTHON'],
  },
  {
    ...NOT_READY,
    title: 'a Python that is too old is refused with both versions',
    command: (folder: string): CommandLine => {
      program(folder, 'python3', 'echo /old/python3 3 9');
      return running({ FORMWORK_PYTHON: undefined, PATH: folder })();
    },
    says: ['no Python 3.10 or newer on PATH (python3 is 3.9); install one, or set FORMWORK_PYTHON'],
  },
  {
    ...NOT_READY,
    title: 'no Python at all is said so',
    command: (folder: string): CommandLine => running({ FORMWORK_PYTHON: undefined, PATH: folder })(),
    says: ['no Python 3.10 or newer on PATH (none at all); install one, or set FORMWORK_PYTHON'],
  },
  {
    ...NOT_READY,
    title: 'no environment and no leave to download one is refused by the variable that forbids it',
    command: running({ FORMWORK_PYTHON: undefined, FORMWORK_OFFLINE: '1' }),
    says: ['the Python environment is missing and FORMWORK_OFFLINE forbids to download it; unset it once'],
  },
  {
    ...NOT_READY,
    title: 'no Temporal server and no leave to download one is refused by the variable that forbids it',
    command: (folder: string): CommandLine => running({ PATH: folder, FORMWORK_OFFLINE: '1' })(),
    says: ['the Temporal server is missing and FORMWORK_OFFLINE forbids to download it; unset it once'],
  },
  {
    ...NOT_READY,
    title: 'wrong variables are refused by name with what they may be',
    command: running({ FORMWORK_LOG_LEVEL: 'loud', FORMWORK_PYTHON_INDEX: 'my mirror' }),
    says: [
      'FORMWORK_PYTHON_INDEX: expected a URL, e.g. https://host/simple, got "my mirror"',
      'FORMWORK_LOG_LEVEL: expected one of "trace", "debug", "info"',
      'got "loud"; correct or unset them',
    ],
  },
  {
    ...NOT_READY,
    title: 'a configuration of Temporal that cannot be read is refused by its path',
    command: (folder: string): CommandLine => {
      const path = join(folder, 'temporal.toml');
      writeFileSync(path, '[profile.default\n');
      return running({ TEMPORAL_CONFIG_FILE: path })();
    },
    says: [
      'the Temporal configuration is wrong: Invalid TOML document',
      '; correct /',
      '/temporal.toml, or the variables TEMPORAL_',
    ],
  },
  {
    kind: 'Unreachable',
    exit: 3,
    title: 'an address where nobody listens is refused by it',
    command: (): CommandLine => ({ args: ['up'], env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }),
    says: ['no Temporal server answers at 127.0.0.1:1; start one with formwork up, or correct TEMPORAL_ADDRESS'],
  },
  {
    ...TOO_EARLY,
    title: 'Node that is too old is refused by npm start with both versions',
    command: (folder: string): CommandLine => ({ args: [], entry: 'bin/start.mjs', env: pretending(folder, OLD_NODE) }),
    says: ['formwork needs Node 20.19 or newer; this is 18.20.8. Install a newer one'],
  },
  {
    ...TOO_EARLY,
    title: 'Node that is too old is refused by every command with both versions',
    command: (folder: string): CommandLine => ({ args: ['list'], env: pretending(folder, OLD_NODE) }),
    says: ['formwork needs Node 20.19 or newer; this is 18.20.8. Install a newer one'],
  },
  {
    ...TOO_EARLY,
    title: 'Windows is refused with what runs instead',
    command: (folder: string): CommandLine => ({
      args: [],
      entry: 'bin/start.mjs',
      env: pretending(folder, "Object.defineProperty(process, 'platform', { value: 'win32' });"),
    }),
    says: ['formwork does not run on Windows', 'use Linux, macOS, or WSL 2'],
  },
];

function fill(path: string): void {
  // The last of them fails, and leaves nothing free.
  for (const bytes of [2 ** 20 - 2 ** 15, 2 ** 20]) {
    try {
      writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** A Python environment with nothing in it, pip included. */
function bareEnvironment(folder: string): string {
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, 'bare')]);
  return join(folder, 'bare', 'bin', 'python');
}
