import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProviderNode } from '../../contract/cluster.js';
import { Failure } from '../../domain/failures.js';
import { nodeName } from '../../domain/names.js';
import { findByEnvironment } from '../process/process-scan.js';
import { isAlive, killIfThere, sendSignal } from '../process/process-identity.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';
import { NodeFolder } from './node-folder.js';
import type { Compute, LaunchRequest } from './port.js';

/** Environment variable that every process of a node carries; the "machine" is all processes that have it. */
export const NODE_ID_VARIABLE = 'FORMWORK_NODE_ID';

/** A host writes its record in about 0.2 s; ten times that and more on a busy machine. */
const HOST_START_MS = 15_000;
/** A host asked to end takes its worker and ranks down; after this the power is cut. */
const HOST_STOP_MS = 10_000;

export interface LocalComputeOptions {
  /** Folder in which each node has one. */
  nodes: string;
  /** Command line of the node host; the folder of the node is appended. */
  host: readonly [string, ...string[]];
  /** Environment of the nodes, less what a launch adds. */
  env: NodeJS.ProcessEnv;
}

/** Nodes that are detached process groups on this machine, with the tags, the deadline and the listing of a real provider. */
export class LocalCompute implements Compute {
  constructor(private readonly options: LocalComputeOptions) {}

  async launch(request: LaunchRequest): Promise<ProviderNode> {
    // The id follows from the tags alone: that makes a launch idempotent.
    const { lease, node, generation } = request.tags;
    const nodeId = nodeName(lease, node, generation);
    const folder = this.folder(nodeId);
    await mkdir(folder.root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw new Failure(
        error.code === 'ENOSPC' ? 'DiskFull' : 'EnvironmentNotReady',
        `no folder for node ${nodeId}: ${error.message}`,
        {},
        { cause: error },
      );
    });
    if ((await folder.record()) === null) {
      await folder.writeDeadline(request.deadline);
      await folder.writeRecord({
        nodeId,
        tags: request.tags,
        taskQueue: request.taskQueue,
        server: request.server,
        launchedAt: new Date().toISOString(),
      });
    }
    if ((await folder.terminated()) === null && !(await this.hostRuns(folder))) await this.startHost(nodeId, folder);
    return (await this.look(nodeId)) as ProviderNode;
  }

  async describe(nodeIds: readonly string[]): Promise<ProviderNode[]> {
    const nodes = await Promise.all(nodeIds.map((nodeId) => this.look(nodeId)));
    return nodes.filter((node) => node !== null);
  }

  async terminate(nodeIds: readonly string[]): Promise<void> {
    await Promise.all(nodeIds.map((nodeId) => this.terminateOne(nodeId)));
  }

  async list(filter: { installation: string; lease?: string }): Promise<ProviderNode[]> {
    const names = await readdir(this.options.nodes).catch(() => []);
    const nodes = await this.describe(names);
    return nodes.filter(
      (node) =>
        node.state !== 'terminated' &&
        node.tags.installation === filter.installation &&
        (filter.lease === undefined || node.tags.lease === filter.lease),
    );
  }

  private folder(nodeId: string): NodeFolder {
    return new NodeFolder(join(this.options.nodes, nodeId));
  }

  private async hostRuns(folder: NodeFolder): Promise<boolean> {
    const host = await folder.host();
    return host !== null && (await isAlive(host));
  }

  private async startHost(nodeId: string, folder: NodeFolder): Promise<void> {
    const [command, ...args] = this.options.host;
    const started = await startDetached({
      command,
      args: [...args, folder.root],
      cwd: folder.root,
      env: { ...this.options.env, [NODE_ID_VARIABLE]: nodeId },
      log: folder.log('host'),
    });
    const up = await waitUntil(async () => (await this.hostRuns(folder)) || !(await isAlive(started)), {
      timeoutMs: HOST_START_MS,
      everyMs: 50,
    });
    if (up === null || !(await this.hostRuns(folder))) {
      throw new Failure('CapacityUnavailable', `the host of node ${nodeId} did not start; its log is ${folder.log('host')}`, {
        nodeId,
      });
    }
  }

  private async look(nodeId: string): Promise<ProviderNode | null> {
    const folder = this.folder(nodeId);
    const record = await folder.record();
    if (record === null) return null;
    const [host, terminated, deadline] = await Promise.all([folder.host(), folder.terminated(), folder.deadline()]);
    const running = host !== null && (await isAlive(host));
    // A host that is gone without its farewell is a machine that lost power: what it left running is still to be ended.
    const leftovers = !running && terminated === null && host !== null ? await findByEnvironment(NODE_ID_VARIABLE, nodeId) : [];
    return {
      nodeId,
      tags: record.tags,
      state: running || leftovers.length > 0 ? 'running' : host === null && terminated === null ? 'pending' : 'terminated',
      launchedAt: record.launchedAt,
      deadline: (deadline ?? new Date(record.launchedAt)).toISOString(),
    };
  }

  private async terminateOne(nodeId: string): Promise<void> {
    const folder = this.folder(nodeId);
    const host = await folder.host();
    if (host !== null && (await sendSignal(host, 'SIGTERM'))) {
      await waitUntil(async () => !(await isAlive(host)), { timeoutMs: HOST_STOP_MS, everyMs: 100 });
    }
    for (const left of await findByEnvironment(NODE_ID_VARIABLE, nodeId)) killIfThere(left.pid, 'SIGKILL');
    if ((await folder.record()) === null) return;
    if ((await folder.terminated()) === null) await folder.writeTerminated('ended by the provider');
    // Shards and copies; what counts is in the object store. The record stays, so that a late launch finds the node ended.
    await rm(folder.work(), { recursive: true, force: true });
  }
}
