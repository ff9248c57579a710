import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/contract/run.js';
import { shortRequest } from '../e2e/short-request.js';
import { storedSteps } from '../e2e/training-watch.js';
import { connectionsOf, type TcpConnection } from './connections.js';
import { HostNetwork } from './host-network.js';
import { HostedRun, NODES, resultOf } from './hosted-run.js';

/** Longer than a follower's heartbeat timeout, so that the server has given it up; 600 for what the durability of a release rests on. */
const CUT_SECONDS = Number(process.env['FORMWORK_TEST_CUT_SECONDS'] ?? 15);
/** Of one node alone. */
const SHORT_CUT_SECONDS = 12;
/** The shortest that two ranks took for a step here, so that training outlasts the cuts. */
const STEP_SECONDS = 0.05;
const STEPS_OF_EPOCH = 30;
const CHECKPOINT_EVERY_STEPS = 10;
/** A connection that survives a cut sends again after as long as it lasted; the SDK's keep-alive gives it up after 45 s. */
const CONTACT_MS = 60_000;
/** How late a hang may be noticed after its limit. */
const NOTICE_MS = 15_000;

const refusal = HostNetwork.refusal();
if (refusal !== null) process.stdout.write(`not run: hosts in network namespaces cannot be made here: ${refusal}\n`);

const request = (folder: string): ReturnType<typeof shortRequest> => {
  const short = shortRequest(folder);
  const epochs = Math.ceil((CUT_SECONDS + 2 * SHORT_CUT_SECONDS) / STEP_SECONDS / STEPS_OF_EPOCH);
  return { ...short, training: { ...short.training, epochs, checkpointEverySteps: CHECKPOINT_EVERY_STEPS } };
};

const runs: HostedRun[] = [];
const hosted = (runKey: string, hosts?: readonly string[]): HostedRun => {
  const made = new HostedRun(runKey, hosts);
  runs.push(made);
  return made;
};

describe.skipIf(refusal !== null)('two nodes on hosts of their own', () => {
  /** The run that nothing happens to; the others have to end like it. */
  let unbroken: RunResult;
  let ofRanks: TcpConnection[];
  let ofWorkers: TcpConnection[];

  beforeAll(async () => {
    const run = hosted('unbroken');
    const started = run.start(request);
    const result = resultOf(started);
    await Promise.race([run.watch.reached(0, 1), result]);
    ofRanks = run.ranks(0).flatMap(({ pid }) => connectionsOf(pid));
    ofWorkers = run.nodeWorkers().flatMap(({ pid }) => connectionsOf(pid));
    unbroken = await result;
  });

  afterAll(async () => {
    for (const run of runs) await run.close();
  });

  it('train one model, gradients over one link and control over the other', () => {
    expect(unbroken).toMatchObject({ outcome: 'completed' });
    const [first = '', second = ''] = NODES.map((node) => (runs[0] as HostedRun).network.address('ranks', node));
    expect(ofRanks).toContainEqual({ local: first, remote: second });
    expect(ofRanks).toContainEqual({ local: second, remote: first });
    expect(new Set(ofRanks.flatMap(({ local, remote }) => [local, remote]))).toEqual(new Set([first, second]));
    const workers = NODES.map((node) => (runs[0] as HostedRun).network.address('control', node));
    expect(new Set(ofWorkers.map(({ local }) => local))).toEqual(new Set(workers));
    expect(new Set(ofWorkers.map(({ remote }) => remote))).toEqual(new Set(['10.201.0.1']));
  });

  it('step on under a cut control link, of both and of one, and are followed again when it is mended', async () => {
    const run = hosted('control-cut');
    const result = resultOf(run.start(request));
    await Promise.race([run.watch.reached(0, 15), result]);
    const before = await run.identities(0);
    expect(before).toHaveLength(2);
    for (const { nodes, seconds } of [
      { nodes: [0, 1], seconds: CUT_SECONDS },
      { nodes: [1], seconds: SHORT_CUT_SECONDS },
    ]) {
      const hosts = nodes.map((node) => NODES[node] as string);
      run.network.cut('control', hosts);
      const step = run.watch.step(0);
      await delay(seconds * 1000);
      expect(run.watch.step(0), 'steps under the cut').toBeGreaterThan(step);
      const mendedAt = Date.now();
      run.network.mend('control', hosts);
      const took = await run.polledAgain(nodes, mendedAt);
      process.stdout.write(`control link of ${hosts.join(' and ')} cut for ${seconds} s, polled again ${took} ms after mending\n`);
      expect(took).toBeLessThan(CONTACT_MS);
      expect(await run.identities(0)).toEqual(before);
    }

    expect((await result).weightsSha256).toBe(unbroken.weightsSha256);
    expect(run.watch.trajectories()).toHaveLength(1);
    const steps = storedSteps(run.box.home, run.runKey).map(({ rank, step }) => `${rank}/${step}`);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps).toHaveLength(2 * Math.max(...storedSteps(run.box.home, run.runKey).map(({ step }) => step)));
    expect(run.box.processes()).toEqual([]);
  });

  it('hang under a cut rank link: their stacks are kept, and the gang forms again to the same weights', async () => {
    const run = hosted('ranks-cut');
    const result = resultOf(run.start(request));
    await Promise.race([run.watch.reached(0, 15), result]);
    run.network.cut('ranks', ['node-1']);
    const cutAt = Date.now();
    const limit = ((await run.jobs(0)[0]?.spec())?.limits.stepSeconds as number) * 1000;
    await Promise.race([hangNoticed(run), result]);
    const noticed = Date.now() - cutAt;
    run.network.mend('ranks', ['node-1']);
    process.stdout.write(`rank link cut, noticed after ${noticed} ms; the limit of a step is ${limit} ms\n`);
    expect(noticed).toBeLessThan(limit + NOTICE_MS);

    expect((await result).weightsSha256).toBe(unbroken.weightsSha256);
    for (const log of run.storedLogs(0)) expect(log).toContain('most recent call first');
    const [first, second] = run.watch.trajectories();
    expect([first?.forkedFrom, second?.forkedFrom?.trajectory]).toEqual([null, 0]);
    expect(run.box.processes()).toEqual([]);
  });

  it('publish nothing into the line of descent when they wake up beside their successors', async () => {
    const run = hosted('fenced', [...NODES, 'spare-0', 'spare-1']);
    run.start(request);
    await run.watch.reached(0, 15);
    // They then never learn that nobody knows them any more.
    run.network.cut('control', NODES);
    const [ranks, supervisors] = [run.ranks(0), run.supervisors(0)];
    for (const { pid } of [...supervisors, ...ranks]) process.kill(pid, 'SIGSTOP');
    const paused = run.watch.step(0);
    run.loseControl();

    const result = resultOf(run.start(request, 'spare'));
    await Promise.race([run.watch.reached(1, paused + 1), result]);
    const fork = run.watch.trajectories()[1]?.forkedFrom?.step as number;
    for (const { pid } of ranks) process.kill(pid, 'SIGCONT');
    // A supervisor that wakes up to old events alone would take its ranks for hung.
    await Promise.race([until(() => run.watch.step(0) > paused), result]);
    for (const { pid } of supervisors) process.kill(pid, 'SIGCONT');
    await Promise.race([until(() => run.watch.step(0) > fork + CHECKPOINT_EVERY_STEPS), result]);
    expect(run.watch.step(0), 'steps of the old gang').toBeGreaterThan(fork + CHECKPOINT_EVERY_STEPS);
    expect(
      [run.ranks(0), run.ranks(1)].map(({ length }) => length),
      'both gangs run',
    ).toEqual([2, 2]);

    expect((await result).weightsSha256).toBe(unbroken.weightsSha256);
    expect(run.watch.trajectories().map(({ forkedFrom }) => forkedFrom)).toEqual([null, { trajectory: 0, step: fork }]);
    const snapshots = snapshotsOf(run).filter(({ step }) => step > fork);
    expect(snapshots.length).toBeGreaterThan(0);
    for (const { key } of snapshots) expect(key).toContain('/trajectories/1/');
    expect(run.box.processes()).toEqual([]);
  });
});

/** Resolves when the supervisors of both nodes have asked for the stacks of their ranks. */
async function hangNoticed(run: HostedRun): Promise<void> {
  for (;;) {
    const states = await Promise.all(run.jobs(0).map((job) => job.state()));
    if (states.every((state) => state?.hangStacks === true)) return;
    await delay(100);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(50);
}

/** What the round's record names as the weights of its epochs. */
function snapshotsOf(run: HostedRun): { step: number; key: string }[] {
  const folder = join(run.box.home, 'store', 'runs', run.runKey, 'steps');
  return readdirSync(folder).flatMap((name) => {
    const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { snapshots?: { step: number; key: string }[] };
    return record.snapshots ?? [];
  });
}
