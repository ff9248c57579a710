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

/** Longer than a follower's heartbeat timeout, so that the server has given it up. */
const CUT_SECONDS = 15;
/** At the shortest that two ranks took for one here, training outlasts the cut. */
const NUM_STEPS = (CUT_SECONDS + 5) / 0.05;
const STEPS_OF_EPOCH = 30;
const CHECKPOINT_EVERY_STEPS = 10;
/** Far from what a step takes here, also beside another gang on the same cores. */
const STEP_LIMIT_SECONDS = 20;
/** A connection that survives a cut sends again after as long as it lasted; the SDK's keep-alive gives it up after 45 s. */
const CONTACT_MS = 60_000;

const refusal = HostNetwork.refusal();
if (refusal !== null) process.stdout.write(`not run: hosts in network namespaces cannot be made here: ${refusal}\n`);

const request = (folder: string): ReturnType<typeof shortRequest> => {
  const short = shortRequest(folder);
  const epochs = Math.ceil(NUM_STEPS / STEPS_OF_EPOCH);
  return {
    ...short,
    training: { ...short.training, epochs, checkpointEverySteps: CHECKPOINT_EVERY_STEPS },
    limits: { stepSeconds: STEP_LIMIT_SECONDS },
  };
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

  it('step on while both control links are cut, and are followed again when they are mended', async () => {
    const run = hosted('control-cut');
    const result = resultOf(run.start(request));
    await Promise.race([run.watch.reached(0, 15), result]);
    const before = await run.identities(0);
    expect(before).toHaveLength(2);
    run.network.cut('control', NODES);
    const step = run.watch.step(0);
    await delay(CUT_SECONDS * 1000);
    expect(run.watch.step(0), 'steps under the cut').toBeGreaterThan(step);
    expect(await run.identities(0)).toEqual(before);
    const mendedAt = Date.now();
    run.network.mend('control', NODES);
    const took = await run.polledAgain([0, 1], mendedAt);
    process.stdout.write(`control links cut for ${CUT_SECONDS} s, polled again ${took} ms after mending\n`);
    expect(took).toBeLessThan(CONTACT_MS);

    expect((await result).weightsSha256).toBe(unbroken.weightsSha256);
    expect(run.watch.trajectories()).toHaveLength(1);
    const steps = storedSteps(run.box.home, run.runKey).map(({ rank, step }) => `${rank}/${step}`);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps).toHaveLength(2 * Math.max(...storedSteps(run.box.home, run.runKey).map(({ step }) => step)));
  });

  it('have the stacks of both in the store when their link is cut', async () => {
    const run = hosted('ranks-cut');
    const result = resultOf(run.start(request));
    await Promise.race([run.watch.reached(0, 15), result]);
    run.network.cut('ranks', ['node-1']);
    await Promise.race([hangNoticed(run), result]);
    run.network.mend('ranks', ['node-1']);
    expect(await result).toMatchObject({ outcome: 'completed' });
    for (const log of run.storedLogs(0)) expect(log).toContain('most recent call first');
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
