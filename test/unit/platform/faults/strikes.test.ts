import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckpointManifest, Trajectory } from '../../../../src/contract/checkpoint.js';
import type { FaultKind } from '../../../../src/domain/fault-table.js';
import { awaitStep } from '../../../../src/platform/faults/await-step.js';
import type { FaultGround, Strike } from '../../../../src/platform/faults/fault-ground.js';
import { strikeProcess } from '../../../../src/platform/faults/strike-ranks.js';
import { STRIKES } from '../../../../src/platform/faults/strikes.js';
import { isAlive, processState } from '../../../../src/platform/process/process-identity.js';
import { eventually, startSleeper } from '../../../fixtures/child-process.js';
import { faultGround } from '../../../fixtures/fault-ground.js';
import { failure } from '../../../fixtures/failure.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { areAlive, rendezvous } from '../../../fixtures/local-jobs.js';
import { StandaloneNode } from '../../../fixtures/local-node.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

// Several processes that start from sources each, one after the other.
const TIMEOUT_MS = 180_000;

const rootOf = (node: StandaloneNode): string => dirname(dirname(node.folder.root));
const strike = (kind: FaultKind, ground: FaultGround): Promise<Strike> => STRIKES[kind](ground);
const checkpointOf = (step: number): string =>
  `runs/test/rounds/0/trajectories/0/checkpoints/step-${String(step).padStart(8, '0')}`;
const shardOf = ({ home }: FaultGround, step: number): Buffer => readFileSync(join(home.store(), checkpointOf(step), 'shard'));

async function putCheckpoint({ store }: FaultGround, step: number, shard: Buffer): Promise<void> {
  const opened: Trajectory = { trajectory: 0, fence: 1, forkedFrom: null, passedOver: [], openedAt: new Date().toISOString() };
  await store.put('runs/test/rounds/0/trajectories/0.json', JSON.stringify(opened));
  await store.put(`${checkpointOf(step)}/shard`, shard);
  const files = [
    { path: 'shard', bytes: shard.length, sha256: 'a'.repeat(64) },
    { path: 'settings', bytes: 10, sha256: 'b'.repeat(64) },
  ];
  const manifest: CheckpointManifest = {
    ...{ step, trajectory: 0, fence: 1, worldSize: 2, zeroStage: 1, files },
    committedAt: new Date().toISOString(),
  };
  await store.put(`${checkpointOf(step)}/manifest.json`, JSON.stringify(manifest));
}
const endless = async () => trainJob({ steps: 100_000, every: 50_000, rendezvous: await rendezvous() });

describe.runIf(process.platform === 'linux')('a fault', () => {
  test(
    'waits for a step of the ranks, and strikes one rank, the worker, and then all of the node',
    { timeout: TIMEOUT_MS },
    async () => {
      const node = await StandaloneNode.launch();
      const ground = faultGround(rootOf(node));
      const [host, worker] = [await node.host(), await node.worker()];
      await expect(strike('kill-rank', ground)).rejects.toEqual(failure('InvalidRequest', /no rank of run test trains now/));
      const { supervisor, ranks } = await node.train(await endless());
      expect(await awaitStep(ground, 3, () => Promise.resolve(false))).toBeGreaterThanOrEqual(3);

      const rank = await strike('stop-rank', ground);
      const [, pid] = /^SIGSTOP to rank \d of node 0, process (\d+)$/.exec(rank.what) ?? [];
      expect(ranks.map((one) => String(one.pid))).toContain(pid);
      const stopped = async (): Promise<string[]> => {
        const states = await Promise.all(ranks.map((one) => processState(one.pid)));
        return ranks.filter((_, index) => states[index] === 'T').map((one) => String(one.pid));
      };
      await eventually('the stop', async () => (await stopped()).length > 0);
      expect(await stopped()).toEqual([pid]);

      const { what, queues } = await strike('kill-node-worker', ground);
      expect(what).toBe(`SIGKILL to the worker of node 0, process ${worker.pid}`);
      expect(queues).toHaveLength(1);
      const next = await node.worker(worker);
      expect(await areAlive([host, supervisor, ...ranks])).toEqual([true, true, true, true]);

      const all = await strike('kill-node', ground);
      for (const { pid } of [host, next, supervisor, ...ranks]) expect(all.what).toContain(String(pid));
      expect(await node.processes()).toEqual([]);
      await expect(strike('kill-node', ground)).rejects.toEqual(failure('InvalidRequest', /run test has no node now/));
    },
  );

  test.each([
    ['corrupt-checkpoint', (shard: Buffer) => Buffer.from(shard.map((byte, place) => (place === 1024 ? byte ^ 0xff : byte)))],
    ['tear-shard', (shard: Buffer) => shard.subarray(0, 1024)],
  ] as const)('damages the newest checkpoint and kills a rank: %s', { timeout: TIMEOUT_MS }, async (kind, damaged) => {
    const node = await StandaloneNode.launch();
    const ground = faultGround(rootOf(node));
    const { ranks } = await node.train(await endless());
    await expect(strike(kind, ground)).rejects.toEqual(failure('InvalidRequest', /has no checkpoint yet/));
    expect(await areAlive(ranks)).toEqual([true, true]);

    const [older, newer] = [randomBytes(2048), randomBytes(2048)];
    await putCheckpoint(ground, 10, older);
    await putCheckpoint(ground, 20, newer);
    const { what, damaged: of } = await strike(kind, ground);
    expect(of).toEqual({ trajectory: 0, step: 20 });
    expect(what).toMatch(/step-00000020\/shard, then SIGKILL to rank \d/);
    expect(shardOf(ground, 10)).toEqual(older);
    expect(shardOf(ground, 20)).toEqual(damaged(newer));
    await eventually('the end of a rank', async () => (await areAlive(ranks)).includes(false));
  });

  test('cuts the control link of a node until a time, or until it is called off', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    const calledOff = new AbortController();
    const said: string[] = [];
    const ground = faultGround(rootOf(node), { signal: calledOff.signal, say: (line) => void said.push(line) });
    await eventually('the link of the worker', () => node.folder.link(), TIMEOUT_MS);
    const cut = strike('control-link-cut', ground);
    const until = await eventually('the cut', () => node.folder.linkCutUntil());
    expect(until.getTime()).toBeGreaterThan(Date.now() + 500_000);
    expect(said[0]).toContain(until.toISOString());
    calledOff.abort();
    await cut;
    expect((await node.folder.linkCutUntil())?.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('hits no node of another run', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    const host = await node.host();
    const ground = faultGround(rootOf(node), { runKey: 'another' });
    await expect(strike('kill-node', ground)).rejects.toEqual(failure('InvalidRequest', /run another has no node now/));
    expect(await isAlive(host)).toBe(true);
  });

  test('hits no process that has only the number of the one that is recorded', async () => {
    const { identity } = await startSleeper();
    const other = strikeProcess({ ...identity, startTime: '1' }, 'SIGKILL', 'rank 0 of node 0');
    await expect(other).rejects.toEqual(failure('InvalidRequest', /has ended by itself/));
    expect(await isAlive(identity)).toBe(true);
  });

  test('that waits for a step ends with the run', async () => {
    const ground = faultGround(temporaryFolder());
    const waiting = awaitStep(ground, 100, () => Promise.resolve(true));
    await expect(waiting).rejects.toEqual(failure('InvalidRequest', /is over, and came to step 0 of 100/));
  });
});
