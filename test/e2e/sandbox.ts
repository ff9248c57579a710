import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFile } from '../../src/platform/package-root.js';

/** A formwork of its own: one home, real processes, and a look at the whole machine for what they leave. */
export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'fw-e2e-'));
  readonly home = join(this.root, 'home');
  private readonly started: FormworkProcess[] = [];

  /** Starts the command line as a user would. */
  formwork(args: readonly string[], env: NodeJS.ProcessEnv = {}): FormworkProcess {
    return this.run(process.execPath, [packageFile('bin', 'formwork.mjs'), ...args], { env });
  }

  /** Starts a program that finds our home in its environment. */
  run(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): FormworkProcess {
    const child = spawn(command, args, {
      cwd: options.cwd ?? this.root,
      env: { ...process.env, FORMWORK_HOME: this.home, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new FormworkProcess(child);
    this.started.push(started);
    return started;
  }

  /** Every process of the machine that carries our home in its environment, whoever started it and whatever our files say. */
  processes(): FoundProcess[] {
    const found: FoundProcess[] = [];
    for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      const environment = readOrEmpty(`/proc/${entry}/environ`).split('\0');
      if (!environment.includes(`FORMWORK_HOME=${this.home}`)) continue;
      const command = readOrEmpty(`/proc/${entry}/cmdline`).split('\0').slice(0, -1);
      // Ended, and only not yet collected by its parent.
      if (command.length === 0) continue;
      const variables = Object.fromEntries(environment.map((pair) => pair.split(/=(.*)/s, 2))) as Record<string, string>;
      found.push({ pid: Number(entry), command, environment: variables });
    }
    return found;
  }

  /** Ports that processes of this home listen on, from the kernel's own tables. */
  listening(): number[] {
    const inodes = new Set(this.processes().flatMap(({ pid }) => socketInodes(pid)));
    const LISTEN = '0A';
    return ['tcp', 'tcp6'].flatMap((table) =>
      readOrEmpty(`/proc/net/${table}`)
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
        .map((fields) => parseInt(fields[1]?.split(':')[1] ?? '0', 16)),
    );
  }

  /** The one process of ours that a test is about, as soon as it is there. */
  async find(what: string, isIt: (process: FoundProcess) => boolean): Promise<FoundProcess> {
    for (let tries = 0; tries < 600; tries += 1) {
      const found = this.processes().find(isIt);
      if (found !== undefined) return found;
      await delay(100);
    }
    throw new Error(
      `no ${what} among ${this.processes()
        .map(({ command }) => command.join(' '))
        .join('\n')}`,
    );
  }

  /** Ends whatever is left, by the kernel's list, and removes the files. */
  async close(): Promise<void> {
    await this.end();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Ends whatever is left. */
  async end(): Promise<void> {
    for (const { child } of this.started) child.kill('SIGKILL');
    for (let tries = 0; this.processes().length > 0 && tries < 50; tries += 1) {
      for (const { pid } of this.processes()) killQuietly(pid);
      await delay(100);
    }
  }
}

export interface FoundProcess {
  pid: number;
  command: string[];
  environment: Record<string, string>;
}

/** Entries of workers/ by what their command line ends with. */
export const isEntry =
  (name: string) =>
  ({ command }: FoundProcess): boolean =>
    command.some((part) => part.endsWith(`/workers/${name}.js`));

export const isServer = ({ command }: FoundProcess): boolean => command.includes('start-dev');

/** Ranks of a job; null: of every job, and every rank. */
export const isRank =
  (jobId: string | null, rank: number | null) =>
  ({ environment, command }: FoundProcess): boolean =>
    (jobId === null || environment['FORMWORK_JOB_ID'] === jobId) &&
    (rank === null || environment['RANK'] === String(rank)) &&
    command.includes('gpu_runner');

export class FormworkProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  /** Resolves when the output has this; fails when the process ends without. */
  async said(text: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = text.exec(this.stdout) ?? text.exec(this.stderr);
      if (match !== null) return match;
      if (this.child.exitCode !== null) throw new Error(`ended without saying ${text}:\n${this.stdout}\n${this.stderr}`);
      await delay(50);
    }
  }
}

function socketInodes(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
    });
  } catch {
    // Gone in between.
    return [];
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone in between, or another user's.
    return '';
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in between.
  }
}
