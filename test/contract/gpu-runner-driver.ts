import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunnerCommand } from '../../src/contract/kinds.js';
import type { RunnerEventKind } from '../../src/contract/runner-event.js';
import { readEnvironment } from '../../src/platform/environment.js';
import { Home } from '../../src/platform/home/home.js';
import { packageFile, packageRoot } from '../../src/platform/package-root.js';
import { findPythonEnvironment } from '../../src/platform/python/python-environment.js';

export interface Refusal {
  exit: string;
  code: number;
  message: string;
}

/** The real gpu_runner in one Python process, asked many things: an interpreter for each would take minutes. */
export class GpuRunnerDriver {
  private readonly answers: AsyncIterator<string, undefined>;

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout === null) throw new Error('the driver has no stdout');
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(): Promise<GpuRunnerDriver> {
    const child = spawn(await findPython(), ['-m', 'tests.contract_driver'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        // As ranks have it.
        PYTHONPATH: packageFile('gpu-runner'),
        PYTHONDONTWRITEBYTECODE: '1',
        OMP_NUM_THREADS: '1',
        DS_ACCELERATOR: 'cpu',
        HF_HUB_OFFLINE: '1',
        TOKENIZERS_PARALLELISM: 'false',
      },
    });
    return new GpuRunnerDriver(child);
  }

  codes(): Promise<{ codes: Record<string, number>; raised: string[] }> {
    return this.ask({ op: 'codes' });
  }

  load(command: RunnerCommand, plan: unknown): Promise<{ plan: unknown } | Refusal> {
    return this.ask({ op: 'load', command, plan });
  }

  /** The exit code, and the log of the rank. */
  run(
    command: RunnerCommand,
    plan: unknown,
    options: { folder: string; stopAfter?: RunnerEventKind },
  ): Promise<{ code: number; log: string }> {
    return this.ask({ op: 'run', command, plan, folder: options.folder, stop_after: options.stopAfter ?? null });
  }

  /** Ends the process; it has nothing left to do. */
  close(): void {
    this.child.stdin?.end();
  }

  private async ask<T>(request: unknown): Promise<T> {
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const line = await this.answers.next();
    if (line.done === true) throw new Error('tests.contract_driver ended without an answer; what it said is above');
    return JSON.parse(line.value) as T;
  }
}

/** What these tests are about is Python: without it they fail instead of passing unseen. */
async function findPython(): Promise<string> {
  const { python, home } = readEnvironment(process.env, packageRoot);
  const found = python ?? (await findPythonEnvironment(new Home(home)));
  if (found === null) {
    throw new Error(
      `no Python environment in ${home}; npm test makes one, or set FORMWORK_PYTHON to a Python with gpu-runner/requirements.txt`,
    );
  }
  return found;
}
