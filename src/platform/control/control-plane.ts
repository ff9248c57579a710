import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { recordedNodes } from '../ledger/recorded-nodes.js';
import type { Home } from '../home/home.js';
import type { Logger } from '../logger.js';
import { Failure } from '../../domain/failures.js';
import { STOP_UPDATE } from '../../domain/names.js';
import { FileStore } from '../object-store/file-store.js';
import { entryCommand } from '../package-root.js';
import { isAlive, ownIdentity } from '../process/process-identity.js';
import { waitUntil } from '../process/wait-until.js';
import { configuredServer, connectClient, plainServer, type ServerTarget } from '../temporal/connection.js';
import { runningServers, startEmbeddedServer, stopEmbeddedServer, type EmbeddedServer } from '../temporal/embedded-server.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { findServerBinary } from '../temporal/server-binary.js';
import { TemporalRunDirectory } from '../temporal/run-directory.js';
import { seedExampleRun } from '../temporal/example-run.js';
import type { ControlFolder } from './control-folder.js';
import { openRuns } from './open-runs.js';

/** How soon the death of a child, or the last holder's end, is noticed. */
const LOOK_MS = 500;
/** A worker that dies at once, again and again, is not restarted more often than this. */
const RESTART_MS = 1_000;
/** Ranks end at a step and write a checkpoint; then nodes are given back. Past this the machines are ended as they are. */
const INTERRUPT_MS = 180_000;
/** A receiver that works takes a notice within a second; one that does not is not waited for. */
const NOTICES_MS = 10_000;
/** Enough for the worker to hand its activities back. */
const WORKER_STOP_MS = 10_000;
/** A holder writes its file before it starts the host; a host that finds none yet waits a moment. */
const FIRST_HOLDER_MS = 10_000;

/** Server and control worker of one home, from their start to a stop that leaves nothing behind. */
export class ControlPlane {
  private embedded: EmbeddedServer | null = null;
  private target!: ServerTarget;
  private worker: ChildProcess | null = null;
  private workerStartedAt = 0;
  private asked = 0;

  constructor(
    private readonly home: Home,
    private readonly folder: ControlFolder,
    private readonly env: NodeJS.ProcessEnv,
    private readonly logger: Logger,
    /** Of the embedded server. */
    private readonly serverAddress: string,
  ) {}

  /** The first time: end in good order. Again: end at once. */
  askToStop(): void {
    this.asked += 1;
  }

  async run(): Promise<void> {
    try {
      await this.start();
      await this.keep();
    } finally {
      await this.stop();
    }
  }

  private async start(): Promise<void> {
    const configured = configuredServer();
    if (configured === null) await this.startServer();
    this.target = configured ?? plainServer((this.embedded as EmbeddedServer).address, 'default');
    const client = await connectClient(this.target);
    try {
      await ensureSearchAttributes(client);
      this.startWorker();
      await seedExampleRun(client);
    } finally {
      await client.connection.close();
    }
    await this.writeRecord();
    this.logger.info({ address: this.target.address }, 'control plane is up');
  }

  private async startServer(): Promise<void> {
    if (this.embedded === null) await this.endOrphanedServers();
    const binary = await findServerBinary(this.home, this.env);
    if (binary === null) {
      throw new Failure('EnvironmentNotReady', 'no Temporal server is installed; npm start installs one, or set TEMPORAL_ADDRESS');
    }
    const before = this.embedded;
    const last = before ?? (await this.folder.lastRecord())?.server.embedded ?? null;
    const known = last === null ? null : { port: last.port, uiPort: last.uiPort };
    // Nodes of a run that goes on know the address of the server before.
    const ports = known === null ? {} : before === null ? { preferred: known } : { ports: known };
    this.embedded = await startEmbeddedServer({
      binary,
      folder: this.home.server(),
      host: this.serverAddress,
      env: this.env,
      ...ports,
    });
  }

  /** What a host left that was killed. Two servers on one file would corrupt it, and the lock of the home is ours. */
  private async endOrphanedServers(): Promise<void> {
    const recorded = (await this.folder.lastRecord())?.server.embedded?.process;
    for (const left of [...(await runningServers(this.home.server())), ...(recorded === undefined ? [] : [recorded])]) {
      if (!(await isAlive(left))) continue;
      this.logger.warn({ pid: left.pid }, 'ending the server of a control host that is gone');
      await stopEmbeddedServer(left);
    }
  }

  /** On its old port, which workers and nodes hold on to. Nothing trains worse while it is away, so it is tried until it is up. */
  private async restartServer(): Promise<void> {
    this.logger.warn('the server is gone; it is started again on its file');
    try {
      await this.startServer();
      await this.writeRecord();
    } catch (error) {
      this.logger.error({ err: error }, 'the server did not start; it is tried again');
    }
  }

  private async writeRecord(): Promise<void> {
    const { embedded, target } = this;
    await this.folder.writeRecord({
      host: await ownIdentity(),
      server: {
        address: target.address,
        namespace: target.namespace,
        embedded: embedded === null ? null : { process: embedded.process, port: embedded.port, uiPort: embedded.uiPort },
        uiUrl: embedded?.uiUrl ?? this.env['TEMPORAL_UI_URL'] ?? null,
      },
      startedAt: new Date().toISOString(),
    });
  }

  /** Brings back what dies, until nobody needs it any more. */
  private async keep(): Promise<void> {
    const patience = Date.now() + FIRST_HOLDER_MS;
    let wasHeld = false;
    while (this.asked === 0) {
      await delay(LOOK_MS);
      if (this.embedded !== null && !(await isAlive(this.embedded.process))) await this.restartServer();
      if (hasEnded(this.worker) && Date.now() - this.workerStartedAt > RESTART_MS) this.startWorker();
      const isHeld = (await this.folder.holders()).length > 0;
      wasHeld ||= isHeld;
      if (!isHeld && (wasHeld || Date.now() > patience)) return;
    }
  }

  private startWorker(): void {
    const log = openSync(this.folder.log('worker'), 'a');
    const [command, ...args] = entryCommand('control');
    this.workerStartedAt = Date.now();
    this.worker = spawn(command, args, {
      cwd: process.cwd(),
      env: {
        ...this.env,
        TEMPORAL_ADDRESS: this.target.address,
        TEMPORAL_NAMESPACE: this.target.namespace,
        FORMWORK_CONTROL_HOST: String(process.pid),
        ...(this.embedded === null ? {} : { TEMPORAL_UI_URL: this.embedded.uiUrl }),
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.worker.once('error', (error) => this.logger.error({ err: error }, 'control worker did not start'));
  }

  private async stop(): Promise<void> {
    // From here on whoever comes starts a host of their own, which waits for our lock.
    await this.folder.removeRecord();
    await this.step('runs', () => this.interruptRuns());
    await this.step('nodes', () => this.endNodes());
    await this.step('notices', () => this.sendNotices());
    await this.step('worker', () => this.stopWorker());
    await this.step('server', async () => {
      if (this.embedded !== null) await stopEmbeddedServer(this.embedded.process);
    });
  }

  /** One part of the way down failing must not keep the others up. */
  private async step(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.logger.error({ err: error, step: name }, 'stopping failed');
    }
  }

  /** Asks every open run of this home to stop after a checkpoint, and waits until each has given its nodes back. */
  private async interruptRuns(): Promise<void> {
    if (this.worker === null || this.asked > 1) return;
    const client = await connectClient(this.target);
    try {
      const runs = await openRuns(new FileStore(this.home.store()), new TemporalRunDirectory(client));
      this.logger.info({ runs: runs.map(({ runKey }) => runKey) }, 'asking open runs to stop');
      const end = Date.now() + INTERRUPT_MS;
      // Of each by itself: one that cannot be asked must not cost the others their checkpoint.
      await Promise.all(
        runs.map(({ owner }) => this.step(owner.workflowId, () => this.interruptRun(client, owner.workflowId, end))),
      );
    } finally {
      await client.connection.close();
    }
  }

  private async interruptRun(client: Client, workflowId: string, end: number): Promise<void> {
    const handle = client.workflow.getHandle(workflowId);
    const isClosed = async (): Promise<boolean> => (await handle.describe()).status.name !== 'RUNNING';
    // The update is answered by the worker, which may have died; waiting for it alone could take for ever.
    const told = client.withDeadline(end, () => handle.executeUpdate(STOP_UPDATE));
    told.catch((error: unknown) => this.logger.warn({ err: error, workflowId }, 'a run could not be asked to stop'));
    await waitUntil(
      async () => {
        if (hasEnded(this.worker) && Date.now() - this.workerStartedAt > RESTART_MS) this.startWorker();
        return this.asked > 1 || (await isClosed());
      },
      { timeoutMs: end - Date.now(), everyMs: 250 },
    );
  }

  /** Whatever a run did not give back. The list is the provider's, not ours. */
  private async endNodes(): Promise<void> {
    const warn = (message: string, error: unknown): void => this.logger.warn({ err: error }, message);
    const compute = recordedNodes(this.home, { env: this.env, warn });
    const left = await compute.list({ installation: await this.home.installation() });
    if (left.length > 0) this.logger.warn({ nodes: left.map(({ nodeId }) => nodeId) }, 'ending nodes');
    await compute.terminate(left.map(({ nodeId }) => nodeId));
  }

  /** The last run that ends often ends the control plane with it: word of that is let go out first. */
  private async sendNotices(): Promise<void> {
    if (this.worker === null || this.env['FORMWORK_WEBHOOK_URL'] === undefined) return;
    const client = await connectClient(this.target);
    const open = "WorkflowType = 'runNotice' AND ExecutionStatus = 'Running'";
    try {
      await waitUntil(async () => this.asked > 1 || (await client.workflow.count(open)).count === 0, {
        timeoutMs: NOTICES_MS,
        everyMs: 250,
      });
    } finally {
      await client.connection.close();
    }
  }

  private async stopWorker(): Promise<void> {
    const { worker } = this;
    if (worker === null || hasEnded(worker)) return;
    worker.kill('SIGTERM');
    const ended = await waitUntil(() => Promise.resolve(hasEnded(worker) || this.asked > 1), {
      timeoutMs: WORKER_STOP_MS,
      everyMs: 50,
    });
    if (ended === null || !hasEnded(worker)) worker.kill('SIGKILL');
  }
}

function hasEnded(child: ChildProcess | null): boolean {
  return child !== null && (child.exitCode !== null || child.signalCode !== null);
}
