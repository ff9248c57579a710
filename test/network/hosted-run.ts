import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { RunResult } from '../../src/contract/run.js';
import { leaseWorkflowId, nodeName, nodeQueue } from '../../src/domain/names.js';
import { NODE_FOLDER_VARIABLE } from '../../src/platform/compute/node-processes.js';
import { NodeFolder } from '../../src/platform/compute/node-folder.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import { Home } from '../../src/platform/home/home.js';
import { packageFile } from '../../src/platform/package-root.js';
import { identifyProcess, killIfThere, type ProcessIdentity } from '../../src/platform/process/process-identity.js';
import { JobFolder } from '../../src/platform/runner/job-folder.js';
import { findServerBinary } from '../../src/platform/temporal/server-binary.js';
import { isEntry, Sandbox, type FormworkProcess, type FoundProcess } from '../e2e/sandbox.js';
import { TrainingWatch } from '../e2e/training-watch.js';
import { HostNetwork } from './host-network.js';

export const NODES = ['node-0', 'node-1'];

const Described = z.object({ pollers: z.array(z.object({ lastAccessTime: z.string() })).nullish() });

/** A run of two nodes, each on a host of its own, with the control plane on a third. */
export class HostedRun {
  readonly box = new Sandbox();
  readonly network: HostNetwork;
  readonly watch: TrainingWatch;
  private readonly home = new Home(this.box.home);

  constructor(
    readonly runKey: string,
    hosts: readonly string[] = NODES,
  ) {
    this.network = HostNetwork.make(hosts);
    this.watch = new TrainingWatch(this.box.home, runKey);
  }

  /** Starts the run, or goes on with it. */
  start(request: (folder: string) => FineTuningRequestInput, group = 'node'): FormworkProcess {
    writeFileSync(join(this.box.root, 'request.json'), JSON.stringify(request(join(this.box.root, 'data'))));
    const [command, ...args] = this.network.onControl([
      ...[process.execPath, packageFile('bin', 'formwork.mjs'), 'run', 'request.json'],
      ...['--set', `runKey=${this.runKey}`, '--json'],
    ]);
    return this.box.run(command, args, { env: this.network.environment(group) });
  }

  /** Ranks of a gang, by the order of their nodes. */
  ranks(trajectory: number): FoundProcess[] {
    return this.box
      .processes()
      .filter(({ environment, command }) => environment['FORMWORK_JOB_ID'] === job(trajectory) && command.includes('gpu_runner'))
      .sort((a, b) => Number(a.environment['RANK']) - Number(b.environment['RANK']));
  }

  /** With start times, which tell a process from a later one of the same number. */
  async identities(trajectory: number): Promise<(ProcessIdentity | null)[]> {
    return Promise.all(this.ranks(trajectory).map(({ pid }) => identifyProcess(pid)));
  }

  nodeWorkers(): FoundProcess[] {
    return this.box.processes().filter(isEntry('node'));
  }

  /** What node 0 and node 1 of the first lease have of a gang. */
  jobs(trajectory: number): JobFolder[] {
    return NODES.map((_, node) => {
      const folder = new NodeFolder(join(this.home.nodes(), nodeName(leaseWorkflowId(this.runKey, 1, 1), node, 1)));
      return new JobFolder(folder.work(), job(trajectory));
    });
  }

  /** Milliseconds from a moment until the worker of each of these nodes has polled its queue again, by the server's own book. */
  async polledAgain(nodes: readonly number[], since: number): Promise<number> {
    for (;;) {
      const polls = await Promise.all(nodes.map((node) => this.lastPoll(node)));
      if (polls.every((at) => at > since)) return Math.max(...polls) - since;
      await delay(200);
    }
  }

  private async lastPoll(node: number): Promise<number> {
    const binary = await findServerBinary(this.home, process.env);
    const record = await new ControlFolder(this.home.control()).running();
    if (binary === null || record === null) throw new Error('no server to ask');
    const queue = nodeQueue(leaseWorkflowId(this.runKey, 1, 1), node, 1);
    const [command, ...args] = this.network.onControl([
      ...[binary, 'task-queue', 'describe', '--task-queue', queue],
      ...['--address', record.server.address, '--output', 'json'],
    ]);
    const told = Described.parse(JSON.parse(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })));
    return Math.max(0, ...(told.pollers ?? []).map(({ lastAccessTime }) => Date.parse(lastAccessTime)));
  }

  supervisors(trajectory: number): FoundProcess[] {
    return this.box.processes().filter((one) => isEntry('rank-supervisor')(one) && one.command.includes(job(trajectory)));
  }

  /** The control plane is gone with its database; nodes are not told. */
  loseControl(): void {
    for (const { pid, environment } of this.box.processes()) {
      if (environment[NODE_FOLDER_VARIABLE] === undefined) killIfThere(pid, 'SIGKILL');
    }
    rmSync(this.home.server(), { recursive: true, force: true });
  }

  /** Logs of the ranks of a gang, as the store has them. */
  storedLogs(trajectory: number): string[] {
    const root = join(this.home.store(), 'runs', this.runKey, 'rounds', '0', 'trajectories', String(trajectory));
    return NODES.map((node) => {
      const folder = join(root, node, 'logs');
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .join('');
    });
  }

  async close(): Promise<void> {
    await this.box.close();
    await this.network.remove();
  }
}

const job = (trajectory: number): string => `round-0-t${trajectory}`;

export async function resultOf(started: FormworkProcess): Promise<RunResult> {
  const code = await started.ended;
  if (code !== 0) throw new Error(`the run ended with ${code}:\n${started.stderr}\n${started.stdout}`);
  return RunResult.parse(JSON.parse(started.stdout.trim().split('\n').at(-1) as string));
}
