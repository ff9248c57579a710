import { existsSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { JobSpec } from '../../../src/contract/job.js';
import { NodeFolder } from '../../../src/platform/compute/node-folder.js';
import { entryCommand } from '../../../src/platform/package-root.js';
import { trainJob } from '../../fixtures/job-spec.js';
import { areAlive, LocalJobs, rendezvous } from '../../fixtures/local-jobs.js';
import { kill, StandaloneNode } from '../../fixtures/local-node.js';

// Several processes that start from sources each, one after the other.
const TIMEOUT_MS = 180_000;

const endless = async (): Promise<JobSpec> => trainJob({ steps: 100_000, every: 50_000, rendezvous: await rendezvous() });

describe('a node whose server is away', () => {
  test(
    'that loses its host gets another one, which goes on with worker and ranks as they are',
    { timeout: TIMEOUT_MS },
    async () => {
      const node = await StandaloneNode.launch();
      const [host, worker] = [await node.host(), await node.worker()];
      const { supervisor, ranks } = await node.train(await endless());
      kill(host);
      await node.host(host);
      expect(await areAlive([worker, supervisor, ...ranks])).toEqual([true, true, true, true]);
      kill(worker);
      await node.worker(worker);
      // The new host has started one worker, and that one after the end of the other.
      expect(readFileSync(node.folder.log('worker'), 'utf8')).not.toContain('this node has a worker already');
      expect(await areAlive([supervisor, ...ranks])).toEqual([true, true, true]);
    },
  );

  test('that loses host and worker gets both back from its rank supervisor', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    const [host, worker] = [await node.host(), await node.worker()];
    const { supervisor, ranks } = await node.train(await endless());
    kill(host, worker);
    await node.host(host);
    await node.worker(worker);
    expect(await areAlive([supervisor, ...ranks])).toEqual([true, true, true]);
  });

  test.each([
    ['nothing', () => []],
    ['its host', (host: number) => [host]],
    ['host and worker', (host: number, worker: number) => [host, worker]],
    ['host and rank supervisor', (host: number, _worker: number, supervisor: number) => [host, supervisor]],
  ])('leaves nothing running after its deadline when it has lost %s', { timeout: TIMEOUT_MS }, async (_what, lost) => {
    const node = await StandaloneNode.launch();
    const [host, worker] = [await node.host(), await node.worker()];
    const { supervisor } = await node.train(await endless());
    const pids = lost(host.pid, worker.pid, supervisor.pid);
    kill(...[host, worker, supervisor].filter(({ pid }) => pids.includes(pid)));
    await node.overdue(1);
    await node.nothingLeft();
    expect(await node.folder.terminated()).toMatchObject({ reason: 'the deadline of its lease passed' });
    // Its files are still there, so it is still listed, until somebody ends it for good.
    expect([existsSync(node.folder.work()), await node.listed()]).toEqual([true, 1]);
    await node.compute.terminate([node.nodeId]);
    expect([existsSync(node.folder.work()), await node.listed()]).toEqual([false, 0]);
  });

  test('has one host: a second one sees the first and ends', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    const host = await node.host();
    const [command, ...args] = entryCommand('node-host');
    const second = await execa(command, [...args, node.folder.root]);
    expect(second.stderr).toContain(`process ${host.pid} is the host of this node already`);
    expect(await node.host()).toEqual(host);
  });

  test('that has been ended by its provider is not brought back, whoever tries', { timeout: TIMEOUT_MS }, async () => {
    const node = await StandaloneNode.launch();
    await node.worker();
    await node.train(await endless());
    await node.compute.terminate([node.nodeId]);
    expect(await node.processes()).toEqual([]);
    const [command, ...args] = entryCommand('node-host');
    await execa(command, [...args, node.folder.root]);
    expect(await node.processes()).toEqual([]);
  });
});

test(
  'ranks end with their supervisor a minute after the deadline, where nobody can start a host',
  { timeout: TIMEOUT_MS },
  async () => {
    // A work folder in a folder that is no node: there is a deadline, and no host to bring back.
    const jobs = new LocalJobs({ behaviour: { stepMs: 20 } });
    const folder = new NodeFolder(`${jobs.work}/..`);
    const spec = await endless();
    await folder.writeDeadline(new Date(Date.now() - 30_000));
    await jobs.runner.start(spec);
    await jobs.step(spec.jobId, 1, 3);
    expect(await areAlive(await jobs.ranks(spec))).toEqual([true, true]);
    await folder.writeDeadline(new Date(Date.now() - 61_000));
    const exits = await jobs.exits(spec.jobId);
    expect(exits).toMatchObject([
      { kind: 'Interrupted', signal: 'SIGKILL' },
      { kind: 'Interrupted', signal: 'SIGKILL' },
    ]);
    expect(exits[0]?.message).toMatch(/rank 0 was ended 60 s after the deadline of its node \(.*Z\), since no host did it/);
    await jobs.nothingLeft();
    expect(readFileSync(jobs.folder(spec.jobId).supervisorLog(), 'utf8')).toBe('');
  },
);
