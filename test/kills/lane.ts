import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { LeasedNode } from '../../src/contract/cluster.js';
import { CONTROL_QUEUE, leaseWorkflowId, roundWorkflowId, runWorkflowId } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { NodeFolder } from '../../src/platform/compute/node-folder.js';
import { NODE_FOLDER_VARIABLE } from '../../src/platform/compute/node-processes.js';
import { lockHolder } from '../../src/platform/lock.js';
import { rankNetwork } from '../../src/platform/network/rank-network.js';
import { LocalNode } from '../../src/platform/node/local-node.js';
import { waitUntil } from '../../src/platform/process/wait-until.js';
import type { clusterLease } from '../../workflows/cluster-lease.js';
import { releaseLeaseSignal } from '../../workflows/messages.js';
import type { trainingRound } from '../../workflows/training-round.js';
import { isEntry, isRank, type FoundProcess } from '../e2e/sandbox.js';
import { unlessAway } from './ask-server.js';
import type { Field } from './field.js';

/** No seed takes as long, and there is no run that the lease could ask for. */
const LEASE_MINUTES = 24 * 60;
/** Host and worker of two nodes, beside others that train. */
const START_MS = 120_000;
const LOOK_MS = 100;

/** The nodes of one lease, on which one round after the other is trained: what a seed has broken, the lease has to have mended. */
export class Lane {
  private leases = 0;
  /** Counts rounds, as owners of one run are counted: what an older one has left on a node is ended by the next. */
  private fence = 0;

  constructor(
    readonly field: Field,
    private readonly name: string,
  ) {}

  get leaseId(): string {
    return leaseWorkflowId(this.name, 1, this.leases);
  }

  async open(): Promise<void> {
    this.leases += 1;
    const { provider, nodes, ranksPerNode, device, pricePerNodeHourUsd } = this.field.ground.plan.cluster;
    const lease = {
      runKey: this.name,
      fence: 1,
      runWorkflowId: runWorkflowId(this.name),
      leaseMinutes: LEASE_MINUTES,
      carried: null,
    };
    await unlessAway(START_MS, () =>
      this.field.client.workflow.start<typeof clusterLease>('clusterLease', {
        ...{ taskQueue: CONTROL_QUEUE, workflowId: this.leaseId, workflowIdConflictPolicy: 'USE_EXISTING' },
        args: [{ ...lease, spec: { provider, nodes, ranksPerNode, device, pricePerNodeHourUsd } }],
      }),
    );
    // A round that began before would end what the lease asks its nodes for, as one of an older owner.
    const hasAnswered = async (): Promise<boolean> => {
      const { raw } = await unlessAway(START_MS, () => this.field.client.workflow.getHandle(this.leaseId).describe());
      const workers = await Promise.all(this.folders().map((folder) => lockHolder(folder.workerLock())));
      return workers.length === nodes && !workers.includes(null) && (raw.pendingActivities ?? []).length === 0;
    };
    if ((await waitUntil(hasAnswered, { timeoutMs: START_MS, everyMs: LOOK_MS })) === null) {
      throw new Error(`the nodes of ${this.leaseId} have not answered within ${START_MS / 1000} s`);
    }
  }

  /** A round under this name, as a run would start it for its training. */
  async train(name: string): Promise<WorkflowHandleWithFirstExecutionRunId<typeof trainingRound>> {
    const { client, store, ground } = this.field;
    this.fence += 1;
    const { fence, leaseId } = this;
    await store.put(runKeys.plan(name, fence), JSON.stringify(ground.plan));
    const nodes = await this.leased();
    const { datasetId, modelId } = ground;
    const place = { runKey: name, fence, round: name, leaseId, runWorkflowId: runWorkflowId(name), nodes, gang: 0 };
    return unlessAway(START_MS, () =>
      client.workflow.start<typeof trainingRound>('trainingRound', {
        ...{ taskQueue: CONTROL_QUEUE, workflowId: roundWorkflowId(name, fence, name), workflowIdConflictPolicy: 'USE_EXISTING' },
        args: [{ ...place, datasetId, modelId, maxSteps: null, isStopping: false, following: null }],
      }),
    );
  }

  /** All processes of a node of this lane, or of every machine that it ever had. */
  processes(node: number | null): FoundProcess[] {
    const roots = node === null ? null : new Set([this.folders()[node]?.root]);
    const mine = `${this.leaseId.replaceAll('/', '-')}-`;
    return this.field.box.processes().filter(({ environment }) => {
      const root = environment[NODE_FOLDER_VARIABLE];
      return root !== undefined && basename(root).startsWith(mine) && (roots === null || roots.has(root));
    });
  }

  /** What should not run while no round does: ranks, supervisors, and anything of a machine that has been replaced. */
  leftOver(): FoundProcess[] {
    const now = new Set(this.folders().map(({ root }) => root));
    const isTraining = (found: FoundProcess): boolean => isRank(null, null)(found) || isEntry('rank-supervisor')(found);
    return this.processes(null).filter((found) => isTraining(found) || !now.has(found.environment[NODE_FOLDER_VARIABLE] ?? ''));
  }

  /** Gives the nodes back. @returns why the lease has failed, in words, where it has. */
  async close(): Promise<string[]> {
    const handle = this.field.client.workflow.getHandle(this.leaseId);
    try {
      await unlessAway(START_MS, () => handle.signal(releaseLeaseSignal));
      await unlessAway(START_MS, () => handle.result());
      return [];
    } catch (error) {
      return [`${this.leaseId} did not end as it should: ${String((error as Error).cause ?? error)}`];
    }
  }

  /** Of each node the newest generation, in the order of nodes. */
  private folders(): NodeFolder[] {
    const newest = new Map<number, { generation: number; name: string }>();
    const mine = `${this.leaseId.replaceAll('/', '-')}-`;
    for (const name of readdirSync(this.field.home.nodes())) {
      const [, node, generation] = name.startsWith(mine) ? (/^(\d+)-g(\d+)$/.exec(name.slice(mine.length)) ?? []) : [];
      if (node === undefined || Number(generation) <= (newest.get(Number(node))?.generation ?? 0)) continue;
      newest.set(Number(node), { generation: Number(generation), name });
    }
    return [...newest].sort(([a], [b]) => a - b).map(([, { name }]) => new NodeFolder(join(this.field.home.nodes(), name)));
  }

  private leased(): Promise<LeasedNode[]> {
    return Promise.all(
      this.folders().map(async (folder) => {
        const record = await folder.record();
        if (record === null) throw new Error(`${folder.root} is not the folder of a node`);
        const { nodeId, taskQueue, tags } = record;
        const { node, generation } = tags;
        const facts = await new LocalNode(folder, rankNetwork(process.env)).facts();
        return { node, nodeId, generation, taskQueue, facts: { ...facts, ...WITHOUT_PYTHON } };
      }),
    );
  }
}

/** What only a job on the node could tell, and no round asks for. */
const WITHOUT_PYTHON = { device: 'cpu' as const, gpus: [], python: '', packages: {} };
