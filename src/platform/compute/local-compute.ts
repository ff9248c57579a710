import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProviderNode } from '../../contract/cluster.js';
import { Failure } from '../../domain/failures.js';
import { nodeName } from '../../domain/names.js';
import { NODE_PLACE } from '../environment.js';
import { makeFolder, nullIfMissing } from '../files.js';
import { takeLock } from '../lock.js';
import { scanEnvironments } from '../process/process-scan.js';
import { isAlive, sendSignal } from '../process/process-identity.js';
import { waitUntil } from '../process/wait-until.js';
import { NodeFolder } from './node-folder.js';
import { isHosted, startHost } from './node-host.js';
import { killProcesses, NODE_FOLDER_VARIABLE } from './node-processes.js';
import type { Compute, LaunchRequest } from './port.js';

/** Set on nodes that are one machine in truth: their ranks share its GPUs out. */
const SHARED_MACHINE_VARIABLE = 'FORMWORK_SHARED_MACHINE';

/** A host asked to end takes its worker and ranks down; after this the power is cut. */
const HOST_STOP_MS = 10_000;
/** Another launch of the same node starts its host meanwhile, which takes tenths of a second. */
const LOOK_MS = 50;

export interface LocalComputeOptions {
  /** Folder in which each node has one. */
  nodes: string;
  /** Command line that the one of the host is appended to: puts a node in a place of its own, e.g. a network namespace. */
  launcher?: readonly string[];
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
    await makeFolder(folder.root).catch((error: NodeJS.ErrnoException) => {
      throw new Failure(
        error.code === 'ENOSPC' ? 'DiskFull' : 'EnvironmentNotReady',
        `no folder for node ${nodeId}: ${error.message}`,
        {},
        { cause: error },
      );
    });
    await this.bringUp(nodeId, folder, request);
    return (await this.look(nodeId, await scanEnvironments(NODE_FOLDER_VARIABLE))) as ProviderNode;
  }

  async describe(nodeIds: readonly string[]): Promise<ProviderNode[]> {
    const processes = await scanEnvironments(NODE_FOLDER_VARIABLE);
    const nodes = await Promise.all(nodeIds.map((nodeId) => this.look(nodeId, processes)));
    return nodes.filter((node) => node !== null);
  }

  async terminate(nodeIds: readonly string[]): Promise<void> {
    await Promise.all(nodeIds.map((nodeId) => this.terminateOne(nodeId)));
  }

  async list(filter: { installation: string; lease?: string }): Promise<ProviderNode[]> {
    const names = await readdir(this.options.nodes).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      // An empty answer would mean that every machine is given back.
      throw new Failure(
        'Unreachable',
        `the nodes in ${this.options.nodes} cannot be listed: ${error.message}`,
        {},
        { cause: error },
      );
    });
    const nodes = (await this.describe(names)).filter(
      ({ tags }) => tags.installation === filter.installation && (filter.lease === undefined || tags.lease === filter.lease),
    );
    const holds = await Promise.all(nodes.map(async ({ nodeId, state }) => state !== 'terminated' || this.hasWork(nodeId)));
    return nodes.filter((_, index) => holds[index]);
  }

  private folder(nodeId: string): NodeFolder {
    return new NodeFolder(join(this.options.nodes, nodeId));
  }

  /** Of a node that has ended by itself: gigabytes that nobody needs any more. */
  private async hasWork(nodeId: string): Promise<boolean> {
    return (await stat(this.folder(nodeId).work()).catch(nullIfMissing)) !== null;
  }

  /** Of several launches of one node at once, one starts its host and the others wait for it. */
  private async bringUp(nodeId: string, folder: NodeFolder, request: LaunchRequest): Promise<void> {
    for (;;) {
      if ((await folder.terminated()) !== null || (await isHosted(folder))) return;
      const lock = await takeLock(folder.launchLock());
      if ('heldBy' in lock) {
        await delay(LOOK_MS);
        continue;
      }
      try {
        await this.record(nodeId, folder, request);
        if (!(await isHosted(folder))) await this.startHost(nodeId, request.tags.node, folder);
        return;
      } finally {
        await lock.release();
      }
    }
  }

  private async record(nodeId: string, folder: NodeFolder, request: LaunchRequest): Promise<void> {
    if ((await folder.record()) !== null) return;
    const { tags, taskQueue, server, pricePerHourUsd } = request;
    await folder.writeDeadline(request.deadline);
    await folder.writeRecord({ nodeId, tags, taskQueue, server, launchedAt: new Date().toISOString(), pricePerHourUsd });
  }

  private async startHost(nodeId: string, node: number, folder: NodeFolder): Promise<void> {
    const { launcher = [], host } = this.options;
    const command = [...launcher.map((part) => part.replaceAll(NODE_PLACE, String(node))), ...host] as [string, ...string[]];
    const env = { ...this.options.env, [NODE_FOLDER_VARIABLE]: folder.root, [SHARED_MACHINE_VARIABLE]: '1' };
    if (!(await startHost(folder, { command, env }))) {
      throw new Failure('CapacityUnavailable', `the host of node ${nodeId} did not start; its log is ${folder.log('host')}`, {
        nodeId,
      });
    }
  }

  private async look(nodeId: string, processes: ReadonlyMap<string, unknown>): Promise<ProviderNode | null> {
    const folder = this.folder(nodeId);
    const record = await folder.record();
    if (record === null) return null;
    const [host, terminated, deadline] = await Promise.all([folder.host(), folder.terminated(), folder.deadline()]);
    const running = host !== null && (await isAlive(host));
    // What a host that is gone has left running is still to be ended, whatever its farewell says.
    const isRunning = running || (host !== null && processes.has(folder.root));
    return {
      nodeId,
      tags: record.tags,
      state: isRunning ? 'running' : host === null && terminated === null ? 'pending' : 'terminated',
      launchedAt: record.launchedAt,
      deadline: (deadline ?? new Date(record.launchedAt)).toISOString(),
      endedAt: isRunning ? null : (terminated?.at ?? null),
      pricePerHourUsd: record.pricePerHourUsd,
    };
  }

  /** Of a node that was found dead: nobody saw its end, and its host would not have let it live past its deadline. */
  private async latestEnd(folder: NodeFolder): Promise<Date> {
    const deadline = await folder.deadline();
    return new Date(Math.min(Date.now(), deadline?.getTime() ?? Infinity));
  }

  private async terminateOne(nodeId: string): Promise<void> {
    const folder = this.folder(nodeId);
    const host = await folder.host();
    const isFoundDead = (await this.look(nodeId, await scanEnvironments(NODE_FOLDER_VARIABLE)))?.state === 'terminated';
    if (host !== null && (await sendSignal(host, 'SIGTERM'))) {
      await waitUntil(async () => !(await isAlive(host)), { timeoutMs: HOST_STOP_MS, everyMs: 100 });
    }
    if (!(await killProcesses(folder.root, null)) || (await folder.record()) === null) return;
    if ((await folder.terminated()) === null) {
      if (isFoundDead) await folder.writeTerminated('found dead by the provider', await this.latestEnd(folder));
      else await folder.writeTerminated('ended by the provider');
    }
    // Shards and copies; what counts is in the object store. The record stays, so that a late launch finds the node ended.
    await rm(folder.work(), { recursive: true, force: true });
  }
}
