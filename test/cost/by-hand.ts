import { spawn } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RunnerPlan } from '../../src/contract/runner-plan.js';
import { freePort } from '../../src/platform/network/free-port.js';
import { JobFolder } from '../../src/platform/runner/job-folder.js';
import { Sandbox, type FoundProcess } from '../e2e/sandbox.js';
import { TRAINING_JOB } from './measured-run.js';

/** A rank as it was started: what a person would have to type to start it. */
interface StartedRank {
  command: string[];
  environment: Record<string, string>;
  /** Relative to the home. */
  folder: string;
  rank: number;
}

/** The ranks of a training, ready to be started once more in a place of their own, with nothing of formwork around them. */
export class RanksByHand {
  private readonly box = new Sandbox();

  private constructor(private readonly ranks: readonly StartedRank[]) {}

  /** Takes command line, environment and folder from the kernel, and copies the plan with the files that it names. */
  static copy(home: string, running: readonly FoundProcess[]): RanksByHand {
    const ranks = running.map(({ pid, command, environment }) => {
      const folder = relative(home, readlinkSync(`/proc/${pid}/cwd`));
      return { command, environment, folder, rank: Number(environment['RANK']) };
    });
    const copied = new RanksByHand(ranks);
    for (const { folder } of ranks) copyInputs(join(home, folder), join(copied.box.home, folder));
    return copied;
  }

  /** Starts all ranks and waits for their end. @returns their event files. @throws when one fails. */
  async train(home: string): Promise<string[]> {
    const port = await freePort(0, this.ranks[0]?.environment['MASTER_ADDR'] ?? '127.0.0.1');
    const codes = await Promise.all(
      this.ranks.map(({ command: [program = '', ...args], environment, folder, rank }) => {
        const here = (text: string): string => text.replaceAll(home, this.box.home);
        // The kernel ends its list with an empty line, which is no variable.
        const variables = Object.entries(environment).filter(([name]) => name !== '');
        const env = Object.fromEntries(variables.map(([name, value]) => [name, here(value)]));
        const work = join(this.box.home, folder);
        const log = openSync(join(work, new JobFolder(work, TRAINING_JOB).logPath(rank)), 'a');
        const child = spawn(program, args, { cwd: work, env: { ...env, MASTER_PORT: String(port) }, stdio: ['ignore', log, log] });
        closeSync(log);
        return new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
      }),
    );
    if (codes.some((code) => code !== 0)) throw new Error(`ranks started by hand ended with ${codes.join(', ')}:\n${this.logs()}`);
    return this.ranks.map(({ folder, rank }) => eventsFile(join(this.box.home, folder), rank));
  }

  close(): Promise<void> {
    return this.box.close();
  }

  private logs(): string {
    return this.ranks
      .map(({ folder, rank }) => {
        const work = join(this.box.home, folder);
        return readFileSync(join(work, new JobFolder(work, TRAINING_JOB).logPath(rank)), 'utf8');
      })
      .join('\n');
  }
}

/** Where a rank of the training tells of its steps. */
export const eventsFile = (work: string, rank: number): string => join(work, new JobFolder(work, TRAINING_JOB).eventsPath(rank));

function copyInputs(from: string, to: string): void {
  const job = new JobFolder('', TRAINING_JOB);
  const plan = RunnerPlan.parse(JSON.parse(readFileSync(join(from, job.planPath()), 'utf8')));
  if (plan.command !== 'train') throw new Error(`job ${TRAINING_JOB} is ${plan.command}, not train`);
  for (const folder of ['events', 'logs']) mkdirSync(join(to, job.root, folder), { recursive: true });
  const inputs = [
    job.planPath(),
    plan.model.path,
    plan.train_rows,
    ...(plan.validation_rows === null ? [] : [plan.validation_rows]),
  ];
  for (const path of inputs.filter((path) => !existsSync(join(to, path))))
    cpSync(join(from, path), join(to, path), { recursive: true });
}
