import { readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { RunPlan } from '../../src/contract/plan.js';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { CONTROL_QUEUE, leaseWorkflowId, nodeName, nodeQueue, roundWorkflowId, runWorkflowId } from '../../src/domain/names.js';
import type { Random } from '../../src/domain/random.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { ControlFolder, type ControlRecord } from '../../src/platform/control/control-folder.js';
import { readJson } from '../../src/platform/files.js';
import type { FaultGround } from '../../src/platform/faults/fault-ground.js';
import { Home } from '../../src/platform/home/home.js';
import { identifyProcess, type ProcessIdentity } from '../../src/platform/process/process-identity.js';
import { NodeFolder } from '../../src/platform/compute/node-folder.js';
import { NODE_FOLDER_VARIABLE } from '../../src/platform/compute/node-processes.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { packageFile } from '../../src/platform/package-root.js';
import { isRank, Sandbox, type FormworkProcess, type FoundProcess } from '../e2e/sandbox.js';
import { TrainingWatch } from '../e2e/training-watch.js';
import type { HostNetwork } from '../network/host-network.js';
import { PortForward } from '../network/port-forward.js';
import { Chronicle } from './chronicle.js';
import { newestStep } from './newest-step.js';

/** Often enough for a moment between two steps. */
const LOOK_MS = 50;

/** Of node 0 and node 1, where nodes live on hosts of their own. */
export const HOSTS = ['node-0', 'node-1'];

/** One run on servers, nodes and ranks of its own, and what a fault needs to find its way in it. */
export class Scene {
  readonly box = new Sandbox();
  readonly home = new Home(this.box.home);
  readonly watch: TrainingWatch;
  /** Set before the start: control plane and nodes live on its hosts. null: all are processes beside each other. */
  network: HostNetwork | null = null;
  private connected: { client: Client; chronicle: Chronicle } | null = null;
  private forward: PortForward | null = null;
  private readonly undos: (() => void | Promise<void>)[] = [];

  constructor(readonly runKey: string) {
    this.watch = new TrainingWatch(this.box.home, runKey);
  }

  get client(): Client {
    return this.started.client;
  }

  get chronicle(): Chronicle {
    return this.started.chronicle;
  }

  private get started(): { client: Client; chronicle: Chronicle } {
    if (this.connected === null) throw new Error(`run ${this.runKey} has not been started`);
    return this.connected;
  }

  get run(): WorkflowHandle {
    return this.client.workflow.getHandle(runWorkflowId(this.runKey));
  }

  get leaseId(): string {
    return leaseWorkflowId(this.runKey, 1, 1);
  }

  /** Of the training by the first execution. */
  get roundId(): string {
    return roundWorkflowId(this.runKey, 1, '0');
  }

  readonly queues = {
    control: CONTROL_QUEUE,
    node: (node: number): string => nodeQueue(this.leaseId, node, 1),
  };

  /** The command line, on the host of the control plane. */
  formwork(args: readonly string[]): FormworkProcess {
    if (this.network === null) return this.box.formwork(args);
    const [command, ...rest] = this.network.onControl([process.execPath, packageFile('bin', 'formwork.mjs'), ...args]);
    return this.box.run(command, rest, { env: this.network.environment('node') });
  }

  async start(request: (folder: string) => FineTuningRequestInput): Promise<void> {
    writeFileSync(join(this.box.root, 'request.json'), JSON.stringify(request(join(this.box.root, 'data'))));
    const started = this.formwork(['run', 'request.json', '--set', `runKey=${this.runKey}`, '--detach']);
    if ((await started.ended) !== 0) throw new Error(`run ${this.runKey} was not started:\n${started.stderr}`);
    await this.connect();
  }

  /** To the control plane that is up. */
  async connect(): Promise<void> {
    const { server } = (await new ControlFolder(this.home.control()).lastRecord()) as ControlRecord;
    if (this.network !== null) this.forward = await PortForward.open(this.network, server.address);
    // The server of another row may have been killed at this address: its channel waits up to two minutes before it tries again.
    const channelArgs = { 'grpc.use_local_subchannel_pool': 1 };
    const connection = await Connection.connect({ address: this.forward?.address ?? server.address, channelArgs });
    const client = new Client({ connection, namespace: server.namespace });
    this.connected = { client, chronicle: new Chronicle(client, this.runKey, this.home.store()) };
  }

  /** Resolves when rank 0 has told of this step and a checkpoint counts. @throws when the run ends before. */
  async reached(step: number): Promise<void> {
    await this.until(`step ${step}`, async () => {
      return (await newestStep(this.home.nodes(), 0, 0)) >= step && this.watch.checkpoints(0).length > 0;
    });
  }

  /** Resolves right after the first checkpoint at this step or a later one has been committed, with its step. */
  async committed(step: number): Promise<number> {
    const newest = (): number => Math.max(0, ...this.watch.checkpoints(0));
    await this.until(`a checkpoint from step ${step} on`, () => newest() >= step);
    return newest();
  }

  private async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) {
      const { outcome } = this.chronicle;
      if (outcome !== null) throw new Error(`run ${this.runKey} ended (${outcome}) before ${what}`);
      await delay(LOOK_MS);
    }
  }

  /** What the faults of the product find their way by. */
  ground(random: Random, seconds: number): FaultGround {
    const { runKey, home, client } = this;
    const store = new FileStore(home.store());
    const { signal } = new AbortController();
    return { runKey, workflowId: runWorkflowId(runKey), home, store, client, random, seconds, signal, say: () => undefined };
  }

  /** Processes of the local machine that is this node: all of them, its host included. */
  nodeProcesses(node: number | null): FoundProcess[] {
    const name = node === null ? null : nodeName(this.leaseId, node, 1);
    return this.box.processes().filter(({ environment }) => {
      const folder = environment[NODE_FOLDER_VARIABLE];
      return folder !== undefined && (name === null || basename(folder) === name);
    });
  }

  /** Ranks that train now, with the start times that tell a process from a later one of the same number. */
  async ranks(): Promise<ProcessIdentity[]> {
    const found = await Promise.all(
      this.box
        .processes()
        .filter(isRank(null, null))
        // An evaluation may have begun while a fault lasted.
        .filter(({ environment }) => environment['FORMWORK_JOB_ID']?.startsWith('round-0-t'))
        .map(({ pid }) => identifyProcess(pid)),
    );
    return found.filter((one) => one !== null);
  }

  /** Resolves when no rank of any job runs any more. */
  async untilNoRank(): Promise<void> {
    while (this.box.processes().some(isRank(null, null))) await delay(1000);
  }

  async plan(): Promise<RunPlan> {
    const plan = await readJson(join(this.home.store(), runKeys.plan(this.runKey, 1)), RunPlan);
    if (plan === null) throw new Error(`run ${this.runKey} has no plan in the store`);
    return plan;
  }

  /** The latest deadline that a node of this home has been given. */
  async deadline(): Promise<number> {
    const folders = readdirSync(this.home.nodes()).map((name) => new NodeFolder(join(this.home.nodes(), name)));
    const deadlines = await Promise.all(folders.map((folder) => folder.deadline()));
    return Math.max(...deadlines.map((deadline) => deadline?.getTime() ?? 0));
  }

  /** Called when the row is over, whatever came of it, the last one first. */
  onEnd(undo: () => void | Promise<void>): void {
    this.undos.push(undo);
  }

  async undo(): Promise<void> {
    for (const undo of this.undos.splice(0).reverse()) await undo();
  }

  /** Nothing of ours is asked of the run any more. */
  async disconnect(): Promise<void> {
    const { connected, forward } = this;
    [this.connected, this.forward] = [null, null];
    try {
      await connected?.chronicle.end();
    } finally {
      await connected?.client.connection.close();
      await forward?.close();
    }
  }

  /** Ends and removes everything of it, however far it came. */
  async close(): Promise<void> {
    try {
      await this.disconnect();
    } finally {
      await this.box.end();
      await this.undo();
      await this.box.close();
    }
  }
}
