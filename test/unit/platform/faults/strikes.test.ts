import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { FaultKind } from '../../../../src/domain/fault-table.js';
import { createRandom } from '../../../../src/domain/random.js';
import { awaitStep } from '../../../../src/platform/faults/await-step.js';
import type { FaultGround, Strike } from '../../../../src/platform/faults/fault-ground.js';
import { strikeProcess } from '../../../../src/platform/faults/strike-ranks.js';
import { STRIKES } from '../../../../src/platform/faults/strikes.js';
import { Home } from '../../../../src/platform/home/home.js';
import { FileStore } from '../../../../src/platform/object-store/file-store.js';
import { isAlive, processState } from '../../../../src/platform/process/process-identity.js';
import { eventually, startSleeper } from '../../../fixtures/child-process.js';
import { failure } from '../../../fixtures/failure.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { areAlive, rendezvous } from '../../../fixtures/local-jobs.js';
import { INSTALLATION, StandaloneNode } from '../../../fixtures/local-node.js';
import { temporaryFolder } from '../../../fixtures/temporary-folder.js';

// Several processes that start from sources each, one after the other.
const TIMEOUT_MS = 180_000;

function groundOf(root: string, overrides: Partial<FaultGround> = {}): FaultGround {
  writeFileSync(join(root, 'installation.json'), JSON.stringify({ id: INSTALLATION }));
  const home = new Home(root);
  return {
    runKey: 'test',
    workflowId: 'run/test',
    home,
    store: new FileStore(home.store()),
    // None of the faults here asks a server.
    client: undefined as unknown as Client,
    random: createRandom(1),
    seconds: 600,
    signal: new AbortController().signal,
    say: () => undefined,
    ...overrides,
  };
}
const rootOf = (node: StandaloneNode): string => dirname(dirname(node.folder.root));
const strike = (kind: FaultKind, ground: FaultGround): Promise<Strike> => STRIKES[kind](ground);
const endless = async () => trainJob({ steps: 100_000, every: 50_000, rendezvous: await rendezvous() });

describe.runIf(process.platform === 'linux')('a fault', () => {
  test(
    'waits for a step of the ranks, and strikes one rank, the worker, and then all of the node',
    { timeout: TIMEOUT_MS },
    async () => {
      const node = await StandaloneNode.launch();
      const ground = groundOf(rootOf(node));
      const [host, worker] = [await node.host(), await node.worker()];
      await expect(strike('kill-rank', ground)).rejects.toEqual(failure('InvalidRequest', /no rank of run test trains now/));
      const { supervisor, ranks } = await node.train(await endless());
      expect(await awaitStep(ground, 3, () => Promise.resolve(false))).toBeGreaterThanOrEqual(3);

      const rank = await strike('stop-rank', ground);
      const stopped = await Promise.all(ranks.map(async (one) => (await processState(one.pid)) === 'T'));
      expect(stopped.filter(Boolean)).toHaveLength(1);
      expect(rank.what).toMatch(new RegExp(`^SIGSTOP to rank \\d of node 0, process ${ranks[stopped.indexOf(true)]?.pid}$`));

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

  test('cuts the control link of a node until a time, or until it is called off', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    const calledOff = new AbortController();
    const said: string[] = [];
    const ground = groundOf(rootOf(node), { signal: calledOff.signal, say: (line) => void said.push(line) });
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
    const ground = groundOf(rootOf(node), { runKey: 'another' });
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
    const ground = groundOf(temporaryFolder());
    const waiting = awaitStep(ground, 100, () => Promise.resolve(true));
    await expect(waiting).rejects.toEqual(failure('InvalidRequest', /is over, and came to step 0 of 100/));
  });
});
