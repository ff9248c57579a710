import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  NodeFiles,
  type CheckpointManifest,
  type CheckpointUpload,
  type ChosenCheckpoint,
  type SnapshotManifest,
  type StoredFile,
} from '../../src/contract/checkpoint.js';
import type { JobSpec } from '../../src/contract/job.js';
import { Failure } from '../../src/domain/failures.js';
import { epochFolder, MANIFEST, stepFolder, trajectoryKeys } from '../../src/domain/store-keys.js';
import { totalBytes } from '../../src/domain/total-bytes.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRecord, toJson } from '../storage/records.js';
import { hashOfFiles, uploadFiles } from '../storage/stored-files.js';
import { pruneCheckpoints, removeUnfinished } from './prune-checkpoints.js';
import { readTraining } from './training-record.js';

/** Lists of other nodes appear when their uploads end, so asking once a second adds little to a checkpoint. */
const POLL_MS = 1000;

/** What one node has of a checkpoint, once all its ranks have written theirs. */
export interface LocalCheckpoint {
  step: number;
  /** Relative to the work folder. */
  folder: string;
  ranks: number[];
  files: StoredFile[];
  /** When the last of the ranks told of its files. */
  writtenAt: string;
}

export interface LocalSnapshot {
  epoch: number;
  step: number;
  folder: string;
  files: StoredFile[];
}

/** Makes checkpoints durable: a node's shards, then its list; on node 0, when every node's list is there, the manifest. */
export class CheckpointPublisher {
  private readonly publish: NonNullable<JobSpec['publish']>;
  /** What the newest upload cost, until it is recorded: the store may fail in between. */
  private paid: Pick<CheckpointUpload, 'step' | 'seconds' | 'durableAt'> | null = null;

  constructor(
    private readonly store: ObjectStore,
    private readonly work: string,
    private readonly spec: JobSpec,
    publish: NonNullable<JobSpec['publish']>,
  ) {
    this.publish = publish;
  }

  /** Whether this node chooses which checkpoint becomes durable; the others wait for its choice. */
  get isFirst(): boolean {
    return this.publish.node === 0;
  }

  /** The newest of these steps that node 0 has begun to upload. */
  async chosenOf(steps: readonly number[]): Promise<number | null> {
    for (const step of steps.toSorted((a, b) => b - a)) {
      if ((await this.store.get(chosen(this.prefixOf(step)))) !== null) return step;
    }
    return null;
  }

  /**
   * @param older steps whose checkpoints gave way to this one.
   * @param abandoned turns true when no other node can be expected to finish its part.
   * @returns those of them that were never published.
   */
  async publishCheckpoint(
    local: LocalCheckpoint,
    older: readonly number[],
    signal: AbortSignal,
    abandoned: () => boolean,
  ): Promise<number[]> {
    const prefix = this.prefixOf(local.step);
    if (!(await this.isCommitted(prefix))) {
      if (this.isFirst) await this.choose(prefix, local.step);
      else if (abandoned() && (await this.chosenOf([local.step])) === null) {
        const message = `node 0 has not begun to upload step ${local.step}; the checkpoint does not count`;
        throw new Failure('CheckpointIncomplete', message, { step: local.step });
      }
      const began = Date.now();
      await this.uploadPart(prefix, local, signal);
      const seconds = (Date.now() - began) / 1000;
      if (this.isFirst) await this.commit(prefix, local.step, signal, abandoned);
      this.paid = { step: local.step, seconds, durableAt: new Date().toISOString() };
    }
    // What a follower before this one has published, and was lost, has no cost that anybody knows.
    const passedOver = this.paid?.step === local.step ? await this.recordCost(local, older, this.paid) : [];
    if (this.isFirst) await this.removeOlder(local.step);
    await this.dropOlder(local);
    return passedOver;
  }

  /** Frees the disk of a checkpoint that is not going to be published. */
  async dropLocal({ step }: { step: number }): Promise<void> {
    await rm(join(this.work, 'jobs', this.spec.jobId, 'checkpoints', stepFolder(step)), { recursive: true, force: true });
  }

  async publishSnapshot(local: LocalSnapshot, signal: AbortSignal): Promise<void> {
    const prefix = trajectoryKeys.snapshot(this.publish.prefix, local.epoch);
    if (!(await this.isCommitted(prefix))) await this.uploadSnapshot(prefix, local, signal);
    await rm(join(this.work, 'jobs', this.spec.jobId, 'epochs', epochFolder(local.epoch)), { recursive: true, force: true });
  }

  /** A follower before this one may have published it, and removed from the disk what a second time would need. */
  private async isCommitted(prefix: string): Promise<boolean> {
    return (await this.store.get(`${prefix}/${MANIFEST}`)) !== null;
  }

  private async uploadPart(prefix: string, local: LocalCheckpoint, signal: AbortSignal): Promise<void> {
    const list: NodeFiles = { node: this.publish.node, step: local.step, ranks: local.ranks, files: local.files };
    const key = nodeList(prefix, this.publish.node);
    if ((await this.store.get(key))?.toString('utf8') === toJson(list)) return;
    await uploadFiles(this.store, join(this.work, local.folder), prefix, local.files, { signal });
    await this.store.put(key, toJson(list));
  }

  private async uploadSnapshot(prefix: string, local: LocalSnapshot, signal: AbortSignal): Promise<void> {
    await uploadFiles(this.store, join(this.work, local.folder), prefix, local.files, { signal });
    const manifest: SnapshotManifest = {
      epoch: local.epoch,
      step: local.step,
      trajectory: this.publish.trajectory,
      files: local.files,
      weightsSha256: hashOfFiles(local.files.filter((file) => file.path.endsWith('.safetensors'))),
    };
    await this.store.putIfAbsent(`${prefix}/${MANIFEST}`, toJson(manifest));
  }

  private async commit(prefix: string, step: number, signal: AbortSignal, abandoned: () => boolean): Promise<void> {
    const end = Date.now() + this.spec.limits.checkpointSeconds * 1000;
    const lists: NodeFiles[] = [];
    for (let node = 0; node < this.publish.nodes; node += 1) {
      for (;;) {
        const list = await readRecord(this.store, nodeList(prefix, node), NodeFiles);
        if (list !== null) {
          lists.push(list);
          break;
        }
        if (Date.now() > end || abandoned()) {
          throw new Failure(
            'CheckpointIncomplete',
            `node ${node} has not uploaded its part of step ${step}; the checkpoint does not count`,
            { step },
          );
        }
        await delay(POLL_MS, undefined, { signal });
      }
    }
    const manifest: CheckpointManifest = {
      step,
      trajectory: this.publish.trajectory,
      fence: this.spec.fence.owner,
      worldSize: this.spec.ranks.worldSize,
      zeroStage: this.spec.plan.command === 'train' ? this.spec.plan.zero_stage : 0,
      files: lists.flatMap((list) => list.files),
      committedAt: new Date().toISOString(),
    };
    await this.store.putIfAbsent(`${prefix}/${MANIFEST}`, toJson(manifest));
  }

  /** What the store need not keep any more: old checkpoints, and parts of those that were passed over. */
  private async removeOlder(step: number): Promise<void> {
    const round = trajectoryKeys.roundOf(this.publish.prefix);
    const record = await readTraining(this.store, round);
    await pruneCheckpoints(this.store, round, record, this.publish.keepCheckpoints);
    await removeUnfinished(this.store, round, record, { trajectory: this.publish.trajectory, step });
  }

  private async choose(prefix: string, step: number): Promise<void> {
    if (this.publish.nodes === 1) return;
    const choice: ChosenCheckpoint = { step, chosenAt: new Date().toISOString() };
    await this.store.putIfAbsent(chosen(prefix), toJson(choice));
  }

  /** @returns those of the older ones that no follower has published. */
  private async recordCost(
    local: LocalCheckpoint,
    older: readonly number[],
    paid: Pick<CheckpointUpload, 'step' | 'seconds' | 'durableAt'>,
  ): Promise<number[]> {
    const passedOver: number[] = [];
    for (const step of older) if (!(await this.isCommitted(this.prefixOf(step)))) passedOver.push(step);
    const bytes = totalBytes(local.files);
    const cost: CheckpointUpload = { ...paid, node: this.publish.node, bytes, writtenAt: local.writtenAt, passedOver };
    await this.store.putIfAbsent(trajectoryKeys.upload(this.spec.storePrefix, local.step), toJson(cost));
    return passedOver;
  }

  private prefixOf(step: number): string {
    return trajectoryKeys.checkpoint(this.publish.prefix, step);
  }

  /** The node's own disk needs no more than what was published last. */
  private async dropOlder(local: LocalCheckpoint): Promise<void> {
    const job = join(this.work, 'jobs', this.spec.jobId);
    const folders = await readdir(join(job, 'checkpoints'));
    for (const name of folders.filter((folder) => folder < stepFolder(local.step))) {
      await rm(join(job, 'checkpoints', name), { recursive: true, force: true });
    }
    await rm(join(job, 'resume'), { recursive: true, force: true });
  }
}

const chosen = (prefix: string): string => `${prefix}/chosen.json`;
const nodeList = (prefix: string, node: number): string => `${prefix}/nodes/node-${node}.json`;
