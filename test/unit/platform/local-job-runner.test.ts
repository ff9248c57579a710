import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { killIfThere } from '../../../src/platform/process/process-identity.js';
import { eventually } from '../../fixtures/child-process.js';
import { failure } from '../../fixtures/failure.js';
import { describeJob, trainJob } from '../../fixtures/job-spec.js';
import { areAlive, LocalJobs, rendezvous } from '../../fixtures/local-jobs.js';

/** Goes on until it is stopped. */
const ENDLESS = { stepMs: 20 };
const endless = async (): Promise<ReturnType<typeof trainJob>> =>
  trainJob({ steps: 100_000, every: 50_000, rendezvous: await rendezvous() });
const fence = (owner: number, gang: number): { runKey: string; owner: number; gang: number } => ({ runKey: 'test', owner, gang });

describe('starting a job', () => {
  test('runs its command to the end; its events and exits are found', async () => {
    const jobs = new LocalJobs();
    const spec = describeJob();
    expect(await jobs.runner.start(spec)).toBe('started');
    expect(await jobs.exits(spec.jobId)).toEqual([
      {
        rank: 0,
        code: 0,
        signal: null,
        kind: null,
        message: 'rank 0 ended with code 0',
        step: null,
        logTail: ['rank 0 of 1 runs describe'],
      },
    ]);
    const events = (await jobs.runner.events(spec.jobId, { offsets: {} })).get(0) ?? [];
    expect(events.map(({ event }) => event.kind)).toEqual(['started', 'phase', 'described', 'finished']);
    const [, second] = events;
    const later = (await jobs.runner.events(spec.jobId, { offsets: { '0': second?.end ?? 0 } })).get(0) ?? [];
    expect(later).toEqual(events.slice(2));
    await jobs.nothingLeft();
  });

  test('again, after its end, finds it ended and runs nothing', async () => {
    const jobs = new LocalJobs();
    const spec = describeJob();
    await jobs.runner.start(spec);
    await jobs.exits(spec.jobId);
    expect(await jobs.another().start(spec)).toBe('adopted');
    expect((await jobs.runner.events(spec.jobId, { offsets: {} })).get(0)).toHaveLength(4);
  });

  test('of several at once starts one set of ranks', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    const results = await Promise.all([jobs.runner, jobs.another(), jobs.another()].map((runner) => runner.start(spec)));
    expect(results.toSorted()).toEqual(['adopted', 'adopted', 'started']);
    const ranks = await jobs.ranks(spec);
    await jobs.step(spec.jobId, 1, 3);
    // The supervisor and its ranks.
    await eventually('the end of the other supervisors', async () => (await jobs.processes()).length === 1 + ranks.length);
    expect(await areAlive(ranks)).toEqual([true, true]);
  });

  test('after the death of its caller adopts the ranks that go on', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    await jobs.runner.start(spec);
    const before = await jobs.ranks(spec);
    expect(await jobs.another().start(spec)).toBe('adopted');
    expect(await jobs.ranks(spec)).toEqual(before);
    expect(await areAlive(before)).toEqual([true, true]);
  });

  test('with a supervisor that cannot start says where its log is', async () => {
    const jobs = new LocalJobs({ supervisor: ['sh', '-c', 'echo "no such module" >&2; exit 1'] });
    const spec = describeJob();
    await expect(jobs.runner.start(spec)).rejects.toEqual(
      failure('RunnerCrashed', /the rank supervisor of job describe-1 did not start; its log is .*supervisor\.log/),
    );
    expect(readFileSync(jobs.folder(spec.jobId).supervisorLog(), 'utf8')).toBe('no such module\n');
  });

  test('of an unknown job shows nothing', async () => {
    const jobs = new LocalJobs();
    expect(await jobs.runner.look('none')).toBeNull();
    expect((await jobs.runner.events('none', { offsets: {} })).size).toBe(0);
  });
});

describe('stopping a job', () => {
  test('with a checkpoint makes all ranks stop at one step, and is over when they are', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    await jobs.runner.start(spec);
    await jobs.step(spec.jobId, 1, 3);
    await jobs.runner.stop(spec.jobId, 'checkpoint');
    const { supervisor, alive } = await jobs.look(spec.jobId);
    expect(alive).toBe(false);
    expect(supervisor?.exits).toMatchObject([
      { rank: 0, kind: 'Interrupted', code: 17 },
      { rank: 1, kind: 'Interrupted', code: 17 },
    ]);
    const steps = await Promise.all(
      [0, 1].map(
        async (rank) => (await jobs.folder(spec.jobId).events(rank, 0)).findLast(({ event }) => event.kind === 'checkpoint')?.event,
      ),
    );
    expect(steps[0]).toMatchObject({ kind: 'checkpoint', rank: 0 });
    expect(steps[1]).toMatchObject({ kind: 'checkpoint', rank: 1, step: (steps[0] as { step: number }).step });
    await jobs.nothingLeft();
  });

  test('now kills the ranks, which count as interrupted', async () => {
    const jobs = new LocalJobs({ behaviour: { ...ENDLESS, ignoresStop: true } });
    const spec = await endless();
    await jobs.runner.start(spec);
    await jobs.ranks(spec);
    await jobs.runner.stop(spec.jobId, 'now');
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { kind: 'Interrupted', signal: 'SIGKILL', message: 'rank 0 was asked to stop' },
      { kind: 'Interrupted', signal: 'SIGKILL' },
    ]);
    await jobs.nothingLeft();
  });

  test('that has ended, or never was, changes nothing', async () => {
    const jobs = new LocalJobs();
    const spec = describeJob();
    await jobs.runner.start(spec);
    const exits = await jobs.exits(spec.jobId);
    await jobs.runner.stop(spec.jobId, 'now');
    await jobs.runner.stop('none', 'now');
    expect(await jobs.exits(spec.jobId)).toEqual(exits);
  });

  test('whose supervisor was killed ends its ranks and accounts for them', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    await jobs.runner.start(spec);
    const ranks = await jobs.ranks(spec);
    const pid = (await jobs.look(spec.jobId)).supervisor?.pid ?? 0;
    killIfThere(pid, 'SIGKILL');
    await eventually('the end of the supervisor', async () => !(await jobs.look(spec.jobId)).alive);
    expect(await areAlive(ranks)).toEqual([true, true]);
    await jobs.runner.stop(spec.jobId, 'checkpoint');
    expect(await areAlive(ranks)).toEqual([false, false]);
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 0, kind: 'RankKilled', signal: 'SIGKILL', message: 'the supervisor of rank 0 was gone, so the rank was ended' },
      { rank: 1, kind: 'RankKilled' },
    ]);
    await jobs.nothingLeft();
  });

  test('whose supervisor was killed before it wrote down its ranks accounts for them all the same', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    await jobs.runner.start(spec);
    await jobs.ranks(spec);
    const supervisor = (await jobs.look(spec.jobId)).supervisor;
    if (supervisor === null) throw new Error('no supervisor');
    killIfThere(supervisor.pid, 'SIGKILL');
    await eventually('the end of the supervisor', async () => !(await jobs.look(spec.jobId)).alive);
    await jobs.folder(spec.jobId).writeState({ ...supervisor, ranks: [] });
    await jobs.runner.stop(spec.jobId, 'now');
    expect((await jobs.exits(spec.jobId)).map(({ rank }) => rank)).toEqual([0, 1]);
    await jobs.nothingLeft();
  });

  test('before its supervisor has begun keeps a late one from starting ranks', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const spec = await endless();
    await jobs.folder(spec.jobId).writeSpec(spec);
    await jobs.runner.stop(spec.jobId, 'now');
    expect(await jobs.exits(spec.jobId)).toMatchObject([
      { rank: 0, kind: 'Interrupted', message: 'rank 0 was asked to stop before it began' },
      { rank: 1, kind: 'Interrupted' },
    ]);
    expect(await jobs.runner.start(spec)).toBe('adopted');
    expect(await jobs.processes()).toEqual([]);
  });
});

describe('the fence', () => {
  const job = async (owner: number, gang: number): Promise<ReturnType<typeof trainJob>> => ({
    ...(await endless()),
    jobId: `job-${owner}-${gang}`,
    fence: fence(owner, gang),
  });

  test('of a newer start ends what an older one left', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const [older, newer] = [await job(1, 2), await job(2, 1)];
    await jobs.runner.start(older);
    const ranks = await jobs.ranks(older);
    await jobs.runner.start(newer);
    expect(await areAlive(ranks)).toEqual([false, false]);
    expect(await jobs.exits(older.jobId)).toMatchObject([{ kind: 'Interrupted' }, { kind: 'Interrupted' }]);
    expect((await jobs.look(newer.jobId)).alive).toBe(true);
  });

  test('of an older start is refused while a newer job runs', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const [older, newer] = [await job(1, 1), await job(1, 2)];
    await jobs.runner.start(newer);
    await expect(jobs.runner.start(older)).rejects.toEqual(
      failure('RunKeyInUse', /job job-1-2 of a newer owner or gang runs on this node/),
    );
    expect(existsSync(join(jobs.work, 'jobs', older.jobId))).toBe(false);
    expect((await jobs.look(newer.jobId)).alive).toBe(true);
  });

  test('of an older start is let through once the newer job has ended', async () => {
    const jobs = new LocalJobs();
    const newer = describeJob({ jobId: 'newer', fence: fence(2, 0) });
    await jobs.runner.start(newer);
    await jobs.exits(newer.jobId);
    expect(await jobs.runner.start(describeJob({ jobId: 'older', fence: fence(1, 0) }))).toBe('started');
  });

  test('that is equal leaves both jobs alone', async () => {
    const jobs = new LocalJobs({ behaviour: ENDLESS });
    const [one, other] = [
      { ...(await job(1, 1)), jobId: 'one' },
      { ...(await job(1, 1)), jobId: 'other' },
    ];
    await jobs.runner.start(one);
    await jobs.runner.start(other);
    expect([(await jobs.look('one')).alive, (await jobs.look('other')).alive]).toEqual([true, true]);
    await jobs.runner.stopOlder(null);
    expect([(await jobs.look('one')).alive, (await jobs.look('other')).alive]).toEqual([false, false]);
    await jobs.nothingLeft();
  });

  test('that cannot look for older jobs lets nothing start', async () => {
    const jobs = new LocalJobs();
    writeFileSync(join(jobs.work, 'jobs'), 'no folder');
    // A file in the place of the folder: nothing can be listed there, and nothing can be written.
    await expect(jobs.runner.start(describeJob())).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(await jobs.processes()).toEqual([]);
  });
});
