import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  CheckpointPublisher,
  type LocalCheckpoint,
  type LocalSnapshot,
} from '../../../../activities/training/checkpoint-publisher.js';
import { CheckpointManifest, SnapshotManifest } from '../../../../src/contract/checkpoint.js';
import { Failure } from '../../../../src/domain/failures.js';
import { epochFolder, stepFolder } from '../../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { failure } from '../../../fixtures/failure.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { sha256, StoredRun } from '../../../fixtures/stored-run.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';
import { checkpointKey, publishing, snapshotKey, TRAJECTORY } from './followed-job.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

const JOB = 'jobs/round-0-t0';
const never = (): boolean => false;

/** A node of a gang of `nodes`, each with one rank; its disk is the test's. */
class PublishingNode {
  readonly work = temporaryFolder();
  readonly publisher: CheckpointPublisher;

  constructor(
    readonly store: InMemoryObjectStore,
    readonly node: number,
    nodes: number,
    options: { checkpointSeconds?: number } = {},
  ) {
    const publish = { ...publishing, node, nodes };
    const limits = { setupSeconds: 1, stepSeconds: 1, checkpointSeconds: options.checkpointSeconds ?? 30 };
    const spec = trainJob({ publish, limits, ranks: { first: node, count: 1, worldSize: nodes, threads: 1 } });
    this.publisher = new CheckpointPublisher(store, this.work, spec, publish);
  }

  checkpoint(step: number, content = `shard of node ${this.node}, step ${step}`): LocalCheckpoint {
    const folder = `${JOB}/checkpoints/${stepFolder(step)}`;
    const files = [this.write(folder, `rank-${this.node}.bin`, content)];
    return { step, folder, ranks: [this.node], files, writtenAt: '2026-11-22T20:00:00.000Z' };
  }

  snapshot(epoch: number, step: number): LocalSnapshot {
    const folder = `${JOB}/epochs/${epochFolder(epoch)}`;
    const files = [this.write(folder, 'model.safetensors', `weights ${epoch}`), this.write(folder, 'config.json', '{}')];
    return { epoch, step, folder, files };
  }

  publish(
    local: LocalCheckpoint,
    options: { signal?: AbortSignal; abandoned?: () => boolean; passedOver?: number[] } = {},
  ): Promise<number[]> {
    const signal = options.signal ?? new AbortController().signal;
    return this.publisher.publishCheckpoint(local, options.passedOver ?? [], signal, options.abandoned ?? never);
  }

  has(step: number): boolean {
    return existsSync(join(this.work, JOB, 'checkpoints', stepFolder(step)));
  }

  write(folder: string, path: string, content: string): LocalCheckpoint['files'][number] {
    mkdirSync(join(this.work, folder), { recursive: true });
    writeFileSync(join(this.work, folder, path), content);
    return { path, bytes: content.length, sha256: sha256(content) };
  }
}

const gang = (count: number, store = new InMemoryObjectStore()): PublishingNode[] =>
  Array.from({ length: count }, (_, node) => new PublishingNode(store, node, count));
const manifestOf = (store: InMemoryObjectStore, step: number): CheckpointManifest =>
  CheckpointManifest.parse(store.needJson(`${checkpointKey(step)}/manifest.json`));

describe('publishing a checkpoint', () => {
  test('writes the manifest last, when every file that it lists and every list of a node is there', async () => {
    const store = new InMemoryObjectStore();
    const [first, second] = gang(2, store) as [PublishingNode, PublishingNode];
    await Promise.all([first.publish(first.checkpoint(2)), second.publish(second.checkpoint(2))]);
    const writes = store.calls.filter(
      ({ operation, key }) => operation !== 'get' && operation !== 'list' && key.startsWith(checkpointKey(2)),
    );
    expect(writes.at(-1)).toEqual({ operation: 'putIfAbsent', key: `${checkpointKey(2)}/manifest.json` });
    for (const { path, bytes, sha256: hash } of manifestOf(store, 2).files) {
      const content = store.need(`${checkpointKey(2)}/${path}`);
      expect([content.length, sha256(content)]).toEqual([bytes, hash]);
    }
    expect(manifestOf(store, 2).files.map(({ path }) => path)).toEqual(['rank-0.bin', 'rank-1.bin']);
  });

  test('a node that is not the first writes its part and no manifest', async () => {
    const [, second] = gang(2) as [PublishingNode, PublishingNode];
    await second.publish(second.checkpoint(2));
    expect(second.store.keys(checkpointKey(2))).toEqual([
      `${checkpointKey(2)}/nodes/node-1.json`,
      `${checkpointKey(2)}/rank-1.bin`,
    ]);
  });

  test('a second time changes nothing, not even when the files are gone from the disk or are others by now', async () => {
    const [node] = gang(1) as [PublishingNode];
    const local = node.checkpoint(2);
    await node.publish(local);
    const before = new Map(node.store.objects);
    node.checkpoint(2, 'other bytes');
    await node.publish(local);
    await node.publish({ ...local, folder: `${JOB}/checkpoints/nowhere` });
    expect(node.store.objects).toEqual(before);
  });

  test('a second time by a node whose list is there uploads nothing', async () => {
    const [, second] = gang(2) as [PublishingNode, PublishingNode];
    const local = second.checkpoint(2);
    await second.publish(local);
    await second.publish(local);
    expect(second.store.countOf('putFile')).toBe(1);
  });

  test('after a failure of the store at any single call ends as if there had been none', async () => {
    const whole = gang(1)[0] as PublishingNode;
    await whole.publish(whole.checkpoint(2));
    const calls = whole.store.calls.length;
    for (let broken = 0; broken < calls; broken += 1) {
      const [node] = gang(1) as [PublishingNode];
      const local = node.checkpoint(2);
      let call = 0;
      node.store.failWith(new Failure('StoreUnavailable', 'away'), () => (call += 1) === broken + 1, 1);
      await expect(node.publish(local)).rejects.toEqual(failure('StoreUnavailable', /away/));
      await node.publish(local);
      expect(node.store.keys()).toEqual(whole.store.keys());
      expect(manifestOf(node.store, 2).files).toEqual(manifestOf(whole.store, 2).files);
    }
  });

  test('refuses a shard that is not what its rank has hashed; there is no checkpoint then', async () => {
    const [node] = gang(1) as [PublishingNode];
    const local = node.checkpoint(2);
    node.checkpoint(2, 'torn');
    await expect(node.publish(local)).rejects.toEqual(
      failure('CheckpointIncomplete', /rank-0\.bin changed between writing and upload: sha256 \w+ became \w+/),
    );
    expect(node.store.keys().filter((key) => key.endsWith('.json'))).toEqual([]);
  });

  test('refuses a shard that is gone', async () => {
    const [node] = gang(1) as [PublishingNode];
    const local = { ...node.checkpoint(2), folder: `${JOB}/checkpoints/nowhere` };
    await expect(node.publish(local)).rejects.toEqual(failure('CheckpointIncomplete', /nowhere\/rank-0\.bin is gone/));
  });

  test('waits for the other nodes within the limit of a checkpoint', async () => {
    const store = new InMemoryObjectStore();
    const first = new PublishingNode(store, 0, 2, { checkpointSeconds: 0 });
    await expect(first.publish(first.checkpoint(2))).rejects.toEqual(
      failure('CheckpointIncomplete', /node 1 has not uploaded its part of step 2/),
    );
  });

  test('does not wait when no other node can be expected to finish its part', async () => {
    const [first] = gang(2) as [PublishingNode, PublishingNode];
    await expect(first.publish(first.checkpoint(2), { abandoned: () => true })).rejects.toEqual(
      failure('CheckpointIncomplete', /node 1 has not uploaded/),
    );
  });

  test('ends when it is cancelled while it waits', async () => {
    const [first] = gang(2) as [PublishingNode, PublishingNode];
    const stop = new AbortController();
    const published = first.publish(first.checkpoint(2), { signal: stop.signal });
    await vi.waitFor(() => expect(first.store.countOf('get', `${checkpointKey(2)}/nodes/node-1`)).toBeGreaterThan(1));
    stop.abort();
    await expect(published).rejects.toThrow(/abort/i);
    expect(first.store.objects.has(`${checkpointKey(2)}/manifest.json`)).toBe(false);
  });

  test('keeps on the disk what was published last, and drops what is older', async () => {
    const [node] = gang(1) as [PublishingNode];
    node.write(`${JOB}/resume/${stepFolder(1)}`, 'rank-0.bin', 'what it went on from');
    const [two, four] = [node.checkpoint(2), node.checkpoint(4)];
    node.checkpoint(6);
    await node.publish(two);
    await node.publish(four);
    expect([2, 4, 6].map((step) => node.has(step))).toEqual([false, true, true]);
    expect(existsSync(join(node.work, JOB, 'resume'))).toBe(false);
  });

  test('keeps as many in the store as the plan says', async () => {
    const run = new StoredRun();
    run.trajectory(0);
    const [node] = gang(1, run.store) as [PublishingNode];
    for (const step of [2, 4, 6, 8]) await node.publish(node.checkpoint(step));
    const left = run.store.keys(`${TRAJECTORY}/checkpoints/`).map((key) => /step-(\d+)/.exec(key)?.[1]);
    expect([...new Set(left)]).toEqual(['00000006', '00000008']);
  });
});

describe('publishing weights', () => {
  test('writes the manifest last, and their hash is of the safetensors files alone', async () => {
    const [node] = gang(1) as [PublishingNode];
    const { signal } = new AbortController();
    await node.publisher.publishSnapshot(node.snapshot(1, 4), signal);
    const key = `${snapshotKey(1)}/manifest.json`;
    expect(node.store.calls.at(-1)).toEqual({ operation: 'putIfAbsent', key });
    const manifest = SnapshotManifest.parse(node.store.needJson(key));
    expect(manifest).toMatchObject({ epoch: 1, step: 4, trajectory: 0 });
    const [weights] = manifest.files;
    expect(manifest.weightsSha256).toBe(sha256(`model.safetensors\0${weights?.sha256 ?? ''}\n`));
  });

  test('frees the disk, and a second time changes nothing', async () => {
    const [node] = gang(1) as [PublishingNode];
    const { signal } = new AbortController();
    const local = node.snapshot(1, 4);
    await node.publisher.publishSnapshot(local, signal);
    expect(existsSync(join(node.work, local.folder))).toBe(false);
    const before = new Map(node.store.objects);
    await node.publisher.publishSnapshot(local, signal);
    expect(node.store.objects).toEqual(before);
  });

  test('refuses a file that is not what its rank has hashed', async () => {
    const [node] = gang(1) as [PublishingNode];
    const local = node.snapshot(1, 4);
    node.write(local.folder, 'model.safetensors', 'torn');
    await expect(node.publisher.publishSnapshot(local, new AbortController().signal)).rejects.toEqual(
      failure('CheckpointIncomplete', /model\.safetensors changed/),
    );
    expect(node.store.objects.has(`${snapshotKey(1)}/manifest.json`)).toBe(false);
    expect(existsSync(join(node.work, local.folder))).toBe(true);
  });
});
