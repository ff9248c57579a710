import type { NodeTags } from '../../contract/cluster.js';
import type { JobSpec } from '../../contract/job.js';
import type { JobEnded, JobSeen, JobStarted, NodeReady, NodeRenewed, NodeStaging } from '../../contract/ledger.js';
import { nodeLedgerKeys, trajectoryKeys } from '../../domain/store-keys.js';
import { toJsonLine } from '../object-store/json-objects.js';
import type { ObjectStore } from '../object-store/port.js';
import type { WorkLog } from './port.js';

/** The word of one node, in the object store. */
export class StoredWorkLog implements WorkLog {
  private readonly runKey: string;

  constructor(
    private readonly store: ObjectStore,
    private readonly nodeId: string,
    { runKey }: Pick<NodeTags, 'runKey'>,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.runKey = runKey;
  }

  ready(from: Date, to: Date): Promise<void> {
    const ready: NodeReady = stretch(from, to);
    return this.attempt(() => this.store.putIfAbsent(nodeLedgerKeys.ready(this.runKey, this.nodeId), toJsonLine(ready)));
  }

  renewed(deadline: Date): Promise<void> {
    const renewed: NodeRenewed = { at: new Date().toISOString(), deadline: deadline.toISOString() };
    return this.attempt(() => this.store.put(nodeLedgerKeys.renewed(this.runKey, this.nodeId), toJsonLine(renewed)));
  }

  staged(from: Date, to: Date): Promise<void> {
    const staging: NodeStaging = stretch(from, to);
    const key = nodeLedgerKeys.staging(this.runKey, this.nodeId, from.getTime());
    return this.attempt(() => this.store.putIfAbsent(key, toJsonLine(staging)));
  }

  started(spec: JobSpec, at: Date): Promise<void> {
    const started: JobStarted = { ...identityOf(spec), startedAt: at.toISOString() };
    const key = nodeLedgerKeys.jobStarted(this.runKey, this.nodeId, spec.jobId);
    return this.attempt(() => this.store.putIfAbsent(key, toJsonLine(started)));
  }

  seen(spec: JobSpec, { startedAt, marks }: Pick<JobSeen, 'startedAt' | 'marks'>): Promise<void> {
    const seen: JobSeen = { ...identityOf(spec), startedAt, seenAt: new Date().toISOString(), marks };
    return this.attempt(() => this.store.put(nodeLedgerKeys.jobSeen(this.runKey, this.nodeId, spec.jobId), toJsonLine(seen)));
  }

  async ended(spec: JobSpec, end: Parameters<WorkLog['ended']>[1]): Promise<void> {
    const ended: JobEnded = { ...identityOf(spec), ...end };
    await this.store.putIfAbsent(nodeLedgerKeys.jobEnded(this.runKey, this.nodeId, spec.jobId), toJsonLine(ended));
  }

  private async attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.warn('the ledger of the run could not be written', error);
    }
  }
}

const stretch = (from: Date, to: Date): { from: string; to: string } => ({ from: from.toISOString(), to: to.toISOString() });

function identityOf({ jobId, fence, plan, publish }: JobSpec): Pick<JobStarted, 'jobId' | 'owner' | 'command' | 'trajectory'> {
  const round = publish === null ? undefined : trajectoryKeys.roundOf(publish.prefix).split('/').at(-1);
  const trajectory = publish === null || round === undefined ? null : { round, number: publish.trajectory };
  return { jobId, owner: fence.owner, command: plan.command, trajectory };
}
