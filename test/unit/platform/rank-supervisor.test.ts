import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { JobSpec } from '../../../src/contract/job.js';
import { killIfThere } from '../../../src/platform/process/process-identity.js';
import { eventually } from '../../fixtures/child-process.js';
import { describeJob, trainJob } from '../../fixtures/job-spec.js';
import { LocalJobs, rendezvous, type Behaviour } from '../../fixtures/local-jobs.js';

type Fault = NonNullable<Behaviour['faults']>[number];
const endless = async (fields: Partial<JobSpec> = {}): Promise<JobSpec> =>
  trainJob({ steps: 100_000, every: 50_000, rendezvous: await rendezvous(), ...fields });

/** Two ranks of which one does this at its third step, and how both end. */
async function exitsAfter(fault: Omit<Fault, 'rank' | 'step'>): Promise<ReturnType<LocalJobs['exits']>> {
  const jobs = new LocalJobs({ behaviour: { stepMs: 10, faults: [{ rank: 1, step: 3, ...fault }] } });
  const spec = await endless();
  await jobs.runner.start(spec);
  const exits = await jobs.exits(spec.jobId);
  await jobs.nothingLeft();
  return exits;
}

describe('ranks that do well', () => {
  test('end with nothing to explain, each with the tail of its log', async () => {
    const jobs = new LocalJobs();
    const spec = trainJob({ rendezvous: await rendezvous() });
    await jobs.runner.start(spec);
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 0, code: 0, kind: null, logTail: ['rank 0 of 2 runs train'] },
      { rank: 1, code: 0, kind: null, logTail: ['rank 1 of 2 runs train'] },
    ]);
  });

  test('show a sign of life of their supervisor while they run', async () => {
    const jobs = new LocalJobs({ behaviour: { stepMs: 20 } });
    const spec = await endless();
    await jobs.runner.start(spec);
    const first = (await jobs.look(spec.jobId)).supervisor?.beatAt ?? '';
    await eventually('a later beat', async () => ((await jobs.look(spec.jobId)).supervisor?.beatAt ?? '') > first);
  });
});

describe('a rank that ends', () => {
  test('by kill -9 is RankKilled, and its peer lost it', async () => {
    const jobs = new LocalJobs({ behaviour: { stepMs: 10 } });
    const spec = await endless();
    await jobs.runner.start(spec);
    const [, second] = await jobs.ranks(spec);
    await jobs.step(spec.jobId, 1, 2);
    killIfThere(second?.pid ?? 0, 'SIGKILL');
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 0, code: 15, kind: 'LostPeer', message: 'another rank is gone (connection closed by peer)' },
      { rank: 1, code: null, signal: 'SIGKILL', kind: 'RankKilled', message: 'rank 1 was ended by SIGKILL' },
    ]);
    await jobs.nothingLeft();
  });

  test('by an exit code of the list carries what it told of it', async () => {
    const exits = await exitsAfter({ act: 'exit', exit: 'outOfMemory', message: 'memory ran out (1 GB asked for)' });
    expect(exits).toMatchObject([
      { kind: 'LostPeer' },
      { kind: 'OutOfMemory', code: 12, message: 'memory ran out (1 GB asked for)' },
    ]);
  });

  test('by an exception is RunnerCrashed, with its words in message and log', async () => {
    const [, second] = await exitsAfter({ act: 'crash', message: 'index 7 is out of range' });
    expect(second).toMatchObject({ kind: 'RunnerCrashed', code: 1, message: 'index 7 is out of range' });
    expect(second?.logTail).toContain('gpu_runner: index 7 is out of range');
  });

  test('without its peer noticing ends the peer after a grace', async () => {
    // Two ranks that know nothing of each other: the plan is for one.
    const jobs = new LocalJobs({
      behaviour: {
        faults: [
          { rank: 0, step: 1, act: 'kill' },
          { rank: 1, step: 1, act: 'hang' },
        ],
      },
    });
    const spec = trainJob();
    if (spec.plan.command !== 'train') throw new Error('no training');
    await jobs.runner.start({ ...spec, plan: { ...spec.plan, world_size: 1 } });
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 0, kind: 'RankKilled' },
      { rank: 1, kind: 'LostPeer', signal: 'SIGKILL', message: 'rank 1 was ended after another rank of its node had failed' },
    ]);
  });

  test('having written what is no event is at fault itself, and takes nobody down but its job', async () => {
    const exits = await exitsAfter({ act: 'garbage' });
    expect(exits).toMatchObject([
      { rank: 0, kind: 'LostPeer' },
      {
        rank: 1,
        kind: 'RunnerCrashed',
        message: expect.stringContaining('an event that is not in the contract: {"kind": "st{') as string,
      },
    ]);
  });
});

describe('a rank that hangs', () => {
  const limits = { setupSeconds: 20, stepSeconds: 2, checkpointSeconds: 20 };

  test('because it was stopped is noticed within the step limit; the stacks of those that answer are in their logs', async () => {
    const jobs = new LocalJobs({ behaviour: { stepMs: 10 } });
    const spec = await endless({ limits });
    await jobs.runner.start(spec);
    const [first] = await jobs.ranks(spec);
    await jobs.step(spec.jobId, 1, 2);
    killIfThere(first?.pid ?? 0, 'SIGSTOP');
    const began = Date.now();
    const exits = await jobs.exits(spec.jobId);
    // The limit, time for the stacks, and two looks; a busy machine may take as long again.
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(exits).toMatchObject([
      {
        ...{ rank: 0, kind: 'Hang' },
        message:
          'rank 0 made no progress in phase loop within its limit; it was stopped by a signal (state T), and whoever stopped it has to continue it',
      },
      { rank: 1, kind: 'Hang', message: 'rank 1 made no progress in phase loop within its limit; the stacks are in its log' },
    ]);
    expect(exits[0]?.logTail.at(-1)).toContain('rank 0 hangs and has no stack to show: it was stopped by a signal (state T)');
    expect(exits[1]?.logTail).toContain('Current thread (most recent call first): rank 1');
    expect((await jobs.look(spec.jobId)).supervisor?.hangStacks).toBe(true);
    await jobs.nothingLeft();
  });

  test('on one of two nodes leaves the stacks of the ranks of the other one too', async () => {
    const rendezvousOfBoth = await rendezvous();
    const nodes = [0, 1].map((first) => ({
      jobs: new LocalJobs({ behaviour: { stepMs: 10 } }),
      spec: trainJob({
        ...{ steps: 100_000, every: 50_000, rendezvous: rendezvousOfBoth, limits },
        ranks: { first, count: 1, worldSize: 2, threads: 1 },
      }),
    }));
    await Promise.all(nodes.map(({ jobs, spec }) => jobs.runner.start(spec)));
    const [well, stopped] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    await stopped.jobs.step(stopped.spec.jobId, 1, 2);
    const [rank] = await stopped.jobs.ranks(stopped.spec);
    killIfThere(rank?.pid ?? 0, 'SIGSTOP');
    const [[waiting], [silent]] = await Promise.all([well.jobs.exits(well.spec.jobId), stopped.jobs.exits(stopped.spec.jobId)]);
    expect(waiting?.logTail).toContain('Current thread (most recent call first): rank 0');
    expect(silent?.message).toContain('state T');
    expect([waiting?.kind, silent?.kind]).toContain('Hang');
    for (const { jobs } of nodes) await jobs.nothingLeft();
  });

  test('in its loop is not waited for as long as one that sets up', async () => {
    const jobs = new LocalJobs({ behaviour: { stepMs: 10, faults: [{ rank: 1, step: 3, act: 'hang' }] } });
    const spec = await endless({ limits: { ...limits, stepSeconds: 1, setupSeconds: 600 } });
    await jobs.runner.start(spec);
    expect(await jobs.exits(spec.jobId)).toMatchObject([{ kind: 'Hang' }, { kind: 'Hang' }]);
  });

  test('waiting for a peer that never comes ends by the limit for set-up', async () => {
    const jobs = new LocalJobs();
    const spec = await endless({ ranks: { first: 1, count: 1, worldSize: 2, threads: 1 }, limits: { ...limits, setupSeconds: 1 } });
    await jobs.runner.start(spec);
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 1, kind: 'Hang', message: 'rank 1 made no progress in phase data within its limit; the stacks are in its log' },
    ]);
  });
});

describe('ranks asked to stop', () => {
  test('that do not are killed after their time, and count as interrupted', async () => {
    const jobs = new LocalJobs({ behaviour: { stepMs: 10, ignoresStop: true } });
    const spec = await endless({ limits: { setupSeconds: 1, stepSeconds: 1, checkpointSeconds: 1 } });
    await jobs.runner.start(spec);
    await jobs.step(spec.jobId, 1, 2);
    await jobs.runner.stop(spec.jobId, 'checkpoint');
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { kind: 'Interrupted', signal: 'SIGKILL' },
      { kind: 'Interrupted', signal: 'SIGKILL' },
    ]);
  });

  test('while they set up end at once', async () => {
    const jobs = new LocalJobs();
    const spec = await endless({ ranks: { first: 1, count: 1, worldSize: 2, threads: 1 } });
    await jobs.runner.start(spec);
    await eventually('its data phase', async () => (await jobs.folder(spec.jobId).events(1, 0)).length >= 3);
    await jobs.runner.stop(spec.jobId, 'checkpoint');
    expect(await jobs.exits(spec.jobId)).toMatchObject([{ rank: 1, kind: 'Interrupted', code: 17 }]);
  });
});

describe('a rank', () => {
  test('that cannot be started is not ready, and names the program and what to do', async () => {
    const jobs = new LocalJobs({ env: { FORMWORK_PYTHON: '/no/such/python' } });
    const spec = describeJob();
    await jobs.runner.start(spec);
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      {
        rank: 0,
        kind: 'EnvironmentNotReady',
        message: expect.stringMatching(
          /rank 0 did not start \(spawn \/no\/such\/python ENOENT\); FORMWORK_PYTHON has to name/,
        ) as string,
        logTail: [],
      },
    ]);
  });

  test('gets no key of a cloud or of the server from its node', async () => {
    const secrets = { AWS_SECRET_ACCESS_KEY: 'secret', TEMPORAL_API_KEY: 'secret', TEMPORAL_ADDRESS: 'a:1', HTTPS_PROXY: 'secret' };
    const jobs = new LocalJobs({ env: { ...secrets, NCCL_DEBUG: 'INFO', FORMWORK_RANK_INTERFACE: 'eth1' } });
    await jobs.runner.start(describeJob());
    await jobs.exits('describe-1');
    const seen = JSON.parse(readFileSync(join(jobs.work, 'environment-0.json'), 'utf8')) as Record<string, string>;
    for (const name of Object.keys(secrets)) expect(seen).not.toHaveProperty(name);
    expect(JSON.stringify(seen)).not.toContain('secret');
    expect(seen).toMatchObject({ RANK: '0', WORLD_SIZE: '1', NCCL_DEBUG: 'INFO', GLOO_SOCKET_IFNAME: 'eth1' });
  });
});
