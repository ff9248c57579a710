import { describe, expect, test } from 'vitest';
import { storedRun } from '../../../src/platform/control/stored-run.js';
import { MANIFEST, runKeys, SET_ASIDE } from '../../../src/domain/store-keys.js';
import { InMemoryObjectStore } from '../../fakes/in-memory-object-store.js';
import { RUN_KEY, StoredRound, StoredRun } from '../../fixtures/stored-run.js';

test('of a run that nobody has claimed the store knows nothing', async () => {
  expect(await storedRun(new InMemoryObjectStore(), 'k')).toEqual({
    ...{ request: null, owner: null, ended: null, finished: [], checkpoint: null, logs: [], recovery: null, caps: null },
  });
});

test('who carries it, what is finished in the order of stages, how it ended', async () => {
  const run = new StoredRun();
  const owner = {
    fence: 2,
    workflowId: 'run/test',
    runId: 'b',
    server: 'n',
    recovery: null,
    claimedAt: '2026-11-22T20:00:00.000Z',
  };
  const ended = { outcome: 'failed', fence: 2, endedAt: '2026-11-22T21:00:00.000Z', message: 'Hang in stage train' };
  run.put(runKeys.request(RUN_KEY), run.plan.request);
  run.put(runKeys.owner(RUN_KEY, 1), { ...owner, fence: 1 });
  run.put(runKeys.owner(RUN_KEY, 2), owner);
  run.put(runKeys.ended(RUN_KEY), ended);
  for (const step of ['smoke', 'prepare', 'tokens']) run.put(runKeys.step(RUN_KEY, step), {});
  expect(await storedRun(run.store, RUN_KEY)).toMatchObject({ owner, ended, finished: ['prepare', 'smoke'] });
});

test('an end of an execution that another one has gone on with is no end of the run', async () => {
  const run = new StoredRun();
  const owner = { workflowId: 'run/test', runId: 'b', server: 'n', recovery: null, claimedAt: '2026-11-22T20:00:00.000Z' };
  const ended = { outcome: 'failed', fence: 1, endedAt: '2026-11-22T21:00:00.000Z', message: 'Hang in stage train' };
  run.put(runKeys.request(RUN_KEY), run.plan.request);
  run.put(runKeys.owner(RUN_KEY, 1), { ...owner, fence: 1 });
  run.put(runKeys.ended(RUN_KEY), ended);
  expect((await storedRun(run.store, RUN_KEY)).ended).toMatchObject({ outcome: 'failed' });
  run.put(runKeys.owner(RUN_KEY, 2), { ...owner, fence: 2 });
  expect((await storedRun(run.store, RUN_KEY)).ended).toBeNull();
});

describe('the newest checkpoint', () => {
  const newest = async ({ store }: StoredRound): Promise<unknown> => (await storedRun(store, RUN_KEY)).checkpoint;

  test('is the one with the highest step in the line of descent, with the time at which it was committed', async () => {
    const round = new StoredRound();
    round.trajectory(0);
    for (const step of [900, 1000, 1100]) round.checkpoint(0, step);
    round.trajectory(1, { trajectory: 0, step: 1000 });
    const at = { round: '0', committedAt: '2026-11-22T20:01:00.000Z' };
    expect(await newest(round)).toEqual({ ...at, trajectory: 0, step: 1000 });
    round.checkpoint(1, 1050);
    expect(await newest(round)).toEqual({ ...at, trajectory: 1, step: 1050 });
  });

  test('is none that was set aside, that has no manifest, or a torn one', async () => {
    const round = new StoredRound();
    round.trajectory(0);
    const [, aside, torn, bare] = [100, 200, 300, 400].map((step) => round.checkpoint(0, step)) as [string, string, string, string];
    round.put(`${aside}/${SET_ASIDE}`, {});
    round.store.objects.set(`${torn}/${MANIFEST}`, Buffer.from('{"step": 30'));
    round.store.objects.delete(`${bare}/${MANIFEST}`);
    expect(await newest(round)).toMatchObject({ step: 100 });
  });
});

test('the last eight lines of each rank, over the parts in which they were shipped', async () => {
  const round = new StoredRound();
  const folder = `${runKeys.root(RUN_KEY)}/rounds/0/trajectories/0/node-0/logs/rank-0`;
  const whole = Buffer.from(Array.from({ length: 12 }, (_, n) => `zeile ${n} ä\n`).join(''));
  // In the middle of a line, and of a letter.
  const cuts = [0, whole.indexOf(Buffer.from('zeile 10')) - 2, whole.length];
  for (const [from, to] of [cuts.slice(0, 2), cuts.slice(1)] as [number, number][])
    round.store.objects.set(
      `${folder}/${String(from).padStart(12, '0')}-${String(to).padStart(12, '0')}`,
      whole.subarray(from, to),
    );
  const [log] = (await storedRun(round.store, RUN_KEY)).logs;
  expect(log).toEqual({
    ...{ source: 'rounds/0/trajectories/0/node-0', rank: 0 },
    lines: Array.from({ length: 8 }, (_, n) => `zeile ${n + 4} ä`),
  });
});
