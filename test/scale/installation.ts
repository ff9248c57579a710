import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, rmSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { FineTuningRequest } from '../../src/contract/request.js';
import { Home } from '../../src/platform/home/home.js';
import { freePort } from '../../src/platform/network/free-port.js';
import { packageFile } from '../../src/platform/package-root.js';
import { connectClient, plainServer } from '../../src/platform/temporal/connection.js';
import { startEmbeddedServer, stopEmbeddedServer, type EmbeddedServer } from '../../src/platform/temporal/embedded-server.js';
import { ensureRetention } from '../../src/platform/temporal/retention.js';
import { ensureSearchAttributes } from '../../src/platform/temporal/search-attributes.js';
import { findServerBinary } from '../../src/platform/temporal/server-binary.js';
import { startRun } from '../../src/platform/temporal/start-run.js';
import type { NodesWord, ParentWord } from './nodes-words.js';

const LOOPBACK = '127.0.0.1';
/** A thousand machines take two minutes to poll here. */
const NODES_READY_MS = 240_000;
/** Both end within a second when they are asked to. */
const STOP_MS = 5_000;

/** Of the dry run that an installation begins with. */
export const WARM_UP_ID = 'run/warm-up';

/**
 * What `formwork up` starts, in a home of its own: the server with its options and retention, the control worker with its own. And
 * the process of the machines beside them.
 */
export class Installation {
  training = 0;
  private children: ChildProcess[] = [];

  private constructor(
    readonly home: Home,
    readonly server: EmbeddedServer,
    readonly client: Client,
    readonly metricsAddress: string,
  ) {}

  static async open(): Promise<Installation> {
    const home = new Home(mkdtempSync(join(tmpdir(), 'formwork-scale-')));
    await home.open();
    const binary = await findServerBinary(new Home(process.env['FORMWORK_HOME'] ?? '.formwork'), process.env);
    if (binary === null) throw new Error('no temporal program: npm start installs one, or put it on PATH');
    const server = await startEmbeddedServer({
      binary,
      folder: home.server(),
      preferred: { port: 0, uiPort: 0 },
      env: process.env,
    });
    const client = await connectClient(plainServer(server.address, 'default'));
    await ensureSearchAttributes(client);
    await ensureRetention(client);
    const metricsAddress = `${LOOPBACK}:${await freePort(0, LOOPBACK)}`;
    const installation = new Installation(home, server, client, metricsAddress);
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.once(signal, () => void installation.close().finally(() => process.exit(1)));
    try {
      await installation.startProcesses();
    } catch (error) {
      await installation.close();
      throw error;
    }
    return installation;
  }

  get workerPid(): number {
    return this.child(0).pid as number;
  }

  get nodesPid(): number {
    return this.child(1).pid as number;
  }

  /** Environment in which commands of the product find this installation. */
  environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      FORMWORK_HOME: this.home.root,
      FORMWORK_LOG_LEVEL: 'warn',
      TEMPORAL_ADDRESS: this.server.address,
      TEMPORAL_NAMESPACE: 'default',
    };
  }

  /** Brings up the machines that these runs will lease, and waits until each polls. */
  async addNodes(runKeys: string[], nodes: number): Promise<void> {
    const polling = this.said(this.child(1), 'polling', NODES_READY_MS);
    this.tell({ say: 'start', runKeys, nodes });
    await polling;
  }

  endTraining(): void {
    this.tell({ say: 'end training' });
  }

  /** @throws when a process of it has ended. */
  check(): void {
    for (const { exitCode, signalCode, spawnargs } of this.children) {
      if (exitCode === null && signalCode === null) continue;
      throw new Error(
        `${spawnargs.at(-1)} ended with ${exitCode ?? signalCode}:\n${readFileSync(this.log(), 'utf8').slice(-2000)}`,
      );
    }
  }

  async close(): Promise<void> {
    const ended = this.children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.children) child.kill('SIGTERM');
    await Promise.race([Promise.all(ended), delay(STOP_MS)]);
    for (const child of this.children) child.kill('SIGKILL');
    await this.client.connection.close();
    await stopEmbeddedServer(this.server.process);
    rmSync(this.home.root, { recursive: true, force: true });
  }

  private async startProcesses(): Promise<void> {
    const worker = this.start('control', { ...this.environment(), FORMWORK_METRICS_ADDRESS: this.metricsAddress });
    const nodes = this.start('nodes', this.environment());
    this.children = [worker, nodes];
    nodes.on('message', (word: NodesWord) => {
      if (word.state === 'polling') this.training = word.training;
    });
    await this.said(nodes, 'connected', NODES_READY_MS);
    // A dry run comes back when the worker polls and has read its code.
    const request = FineTuningRequest.parse({ dryRun: true });
    await startRun(this.client, WARM_UP_ID, request);
    await this.client.workflow.getHandle(WARM_UP_ID).result();
  }

  private start(name: string, env: NodeJS.ProcessEnv): ChildProcess {
    const log = openSync(this.log(), 'a');
    const child = fork(packageFile('test', 'scale', `${name}.ts`), {
      execArgv: ['--import', createRequire(import.meta.url).resolve('tsx')],
      cwd: this.home.root,
      env,
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    return child;
  }

  private said(child: ChildProcess, state: NodesWord['state'], patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the machines were not ${state} after ${patienceMs / 1000} s`)), patienceMs);
      child.on('message', (word: NodesWord) => {
        if (word.state !== state) return;
        clearTimeout(late);
        resolve();
      });
    });
  }

  private tell(word: ParentWord): void {
    this.child(1).send(word);
  }

  private child(index: number): ChildProcess {
    const child = this.children[index];
    if (child === undefined) throw new Error('its processes are not started yet');
    return child;
  }

  private log(): string {
    return join(this.home.control(), 'worker.log');
  }
}
