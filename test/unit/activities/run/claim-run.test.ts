import { describe, expect, test } from 'vitest';
import { claimRun, type Claim, type ClaimInput } from '../../../../activities/run/claim-run.js';
import { recordStep } from '../../../../activities/run/record-step.js';
import { RunOwner } from '../../../../src/contract/run.js';
import type { FineTuningRequestInput } from '../../../../src/contract/request.js';
import { Failure } from '../../../../src/domain/failures.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { runPlan } from '../../../fixtures/run-plan.js';

const KEY = 'k';

/** A store and a server, on which executions claim one run key. */
class Claims {
  readonly store = new InMemoryObjectStore();
  readonly runs = new FakeRunDirectory();

  claim(workflowId: string, runId: string, request: FineTuningRequestInput = {}, over: Partial<ClaimInput> = {}): Promise<Claim> {
    return claimRun(this)({ runKey: KEY, plan: runPlan(request), workflowId, runId, recovery: null, ...over });
  }

  owners(): string[] {
    return this.store.keys(runKeys.owners(KEY)).map((key) => RunOwner.parse(this.store.needJson(key)).runId);
  }
}

describe('the fence', () => {
  test('of the first execution is 1; request, owner and plan are in the store then', async () => {
    const claims = new Claims();
    const plan = runPlan();
    expect(await claims.claim('run/k', 'a')).toEqual({ fence: 1, plan, finished: {} });
    expect(claims.store.needJson(runKeys.request(KEY))).toEqual(plan.request);
    expect(claims.store.needJson(runKeys.plan(KEY, 1))).toEqual(plan);
    expect(claims.store.needJson(runKeys.owner(KEY, 1))).toMatchObject({ fence: 1, workflowId: 'run/k', runId: 'a' });
  });

  test('is the same when the same execution claims again, and nothing in the store changes', async () => {
    const claims = new Claims();
    const first = await claims.claim('run/k', 'a');
    const stored = new Map(claims.store.objects);
    expect(await claims.claim('run/k', 'a')).toEqual(first);
    expect(claims.store.objects).toEqual(stored);
  });

  test('of an execution whose claim broke off at any call of the store is the same as without that', async () => {
    const whole = new Claims();
    await whole.claim('run/k', 'a');
    for (let broken = 1; broken <= whole.store.calls.length; broken += 1) {
      const claims = new Claims();
      let call = 0;
      claims.store.failWith(new Failure('StoreUnavailable', 'away'), () => (call += 1) === broken, 1);
      await expect(claims.claim('run/k', 'a')).rejects.toThrow('away');
      expect((await claims.claim('run/k', 'a')).fence).toBe(1);
      expect(claims.store.keys()).toEqual(whole.store.keys());
    }
  });

  test('grows with each execution that carries the run on', async () => {
    const claims = new Claims();
    for (const [index, runId] of ['a', 'b', 'c'].entries()) expect((await claims.claim('run/k', runId)).fence).toBe(index + 1);
    expect(claims.owners()).toEqual(['a', 'b', 'c']);
  });

  test('ends what earlier executions have left open, and nothing else', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    const left = ['run/k/lease/1-1', 'run/k/round/1-0', 'run/k/evaluation/1-baseline'];
    const others = ['run/k/lease/2-1', 'run/k/notice/2026-11-22T21:30:00.000Z', 'run/kk/lease/1-1'];
    for (const id of [...left, ...others]) claims.runs.set(id, 'open');
    expect((await act(() => claims.claim('run/k', 'b'))).fence).toBe(2);
    expect(await Promise.all(left.map((id) => claims.runs.stateOf(id)))).toEqual(left.map(() => 'closed'));
    expect(await Promise.all(others.map((id) => claims.runs.stateOf(id)))).toEqual(others.map(() => 'open'));
  });

  test('grows past 9: the newest owner is found by number, not by the order of names', async () => {
    const claims = new Claims();
    for (let n = 1; n <= 11; n += 1) expect((await claims.claim('run/k', `run ${n}`)).fence).toBe(n);
  });
});

describe('two executions under one key', () => {
  test.each<[string, 'open' | 'unknown', RegExp]>([
    ['while the first is open', 'open', /run k is carried on by workflow run\/first, which is still open/],
    ['which this server does not know', 'unknown', /which is not known to this server, which is not the same as closed/],
  ])('%s: the second is refused and leaves no trace', async (_, state, message) => {
    const claims = new Claims();
    await claims.claim('run/first', 'a');
    claims.runs.set('run/first', state);
    const stored = new Map(claims.store.objects);
    await expect(claims.claim('run/second', 'b')).rejects.toEqual(failure('RunKeyInUse', message));
    expect(claims.store.objects).toEqual(stored);
  });

  test('when the first is closed: the second carries it on', async () => {
    const claims = new Claims();
    await claims.claim('run/first', 'a');
    claims.runs.set('run/first', 'closed');
    expect((await claims.claim('run/second', 'b')).fence).toBe(2);
  });

  test('with one workflow id: the earlier is closed, without asking, since a server has one open of an id', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    claims.runs.set('run/k', 'open');
    expect((await claims.claim('run/k', 'after a reset')).fence).toBe(2);
  });

  test('of which the first is of another server: the second is refused, though no workflow of the id is open here', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    claims.runs.server = 'namespace-2';
    const stored = new Map(claims.store.objects);
    const message =
      /belongs to another Temporal server, or to a database that is gone \(namespace namespace-1; this one is namespace-2\); .*formwork resume k --take-over/;
    await expect(claims.claim('run/k', 'b')).rejects.toEqual(failure('RunKeyInUse', message));
    expect(claims.store.objects).toEqual(stored);
  });

  test('of which the first is of a server that a person gives up: the second carries it on, the one after it needs no word', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    claims.runs.server = 'namespace-2';
    await claims.store.put(runKeys.takeOver(KEY, 1), JSON.stringify({ fence: 1, at: new Date().toISOString() }));
    expect((await claims.claim('run/k', 'b')).fence).toBe(2);
    expect((await claims.claim('run/k', 'c')).fence).toBe(3);
    claims.runs.server = 'namespace-1';
    await expect(claims.claim('run/k', 'd')).rejects.toEqual(failure('RunKeyInUse', /another Temporal server/));
  });

  test('of which the first is of a version that did not write its server: this one is asked, and a person decides where it does not know', async () => {
    const claims = new Claims();
    await claims.claim('run/first', 'a');
    const { server: _, recovery: __, ...older } = RunOwner.parse(claims.store.needJson(runKeys.owner(KEY, 1)));
    await claims.store.put(runKeys.owner(KEY, 1), JSON.stringify(older));
    await expect(claims.claim('run/second', 'b')).rejects.toEqual(failure('RunKeyInUse', /is not known to this server/));
    claims.runs.set('run/first', 'open');
    await expect(claims.claim('run/second', 'b')).rejects.toEqual(failure('RunKeyInUse', /is still open/));
    claims.runs.set('run/first', 'unknown');
    await claims.store.put(runKeys.takeOver(KEY, 1), JSON.stringify({ fence: 1, at: new Date().toISOString() }));
    expect((await claims.claim('run/second', 'b')).fence).toBe(2);
  });

  test('when the server cannot be asked: nobody is let in, and it is tried again', async () => {
    const claims = new Claims();
    await claims.claim('run/first', 'a');
    claims.runs.set('run/first', new Failure('Unreachable', 'no server'));
    await expect(claims.claim('run/second', 'b')).rejects.toEqual(failure('Unreachable', /no server/));
    expect(claims.owners()).toEqual(['a']);
  });

  test('at the same moment: one gets it', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'closed by now');
    claims.runs.set('run/k', 'closed');
    const results = await Promise.allSettled([claims.claim('run/first', 'a'), claims.claim('run/second', 'b')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toEqual(failure('RunKeyInUse', /claimed run k at the same moment/));
    expect(claims.owners()).toHaveLength(2);
  });
});

describe('the request of a run key', () => {
  test('that differs is refused with every path that differs', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a', { training: { epochs: 2 } });
    const other: FineTuningRequestInput = { training: { epochs: 3, seed: 1 }, data: { mapping: { id: 'n' } }, model: 'path:/m' };
    const plan = { ...runPlan(), request: runPlan({ ...other, model: 'tiny' }).request };
    await expect(claims.claim('run/k', 'b', {}, { plan })).rejects.toMatchObject({
      kind: 'InvalidRequest',
      message: expect.stringMatching(
        /run key k belongs to another request; they differ in data\.mapping\.id, training\.epochs, training\.seed; choose/,
      ) as string,
      facts: {
        problems: ['data.mapping.id', 'training.epochs', 'training.seed'].map((path) => ({
          path,
          message: 'differs from the request that the run key belongs to',
        })),
      },
    });
    expect(claims.owners()).toEqual(['a']);
  });

  test('that gives the key by name, or another deadline, is the same work', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    expect((await claims.claim('run/k', 'b', { runKey: KEY, deadlineMinutes: 30 })).fence).toBe(2);
  });
});

describe('who carries a run on', () => {
  test('carries on with the choices of the first plan, under the deadline of its own start', async () => {
    const claims = new Claims();
    const first = await claims.claim('run/k', 'a', { deadlineMinutes: 30 });
    // A newer version, or another machine, would choose otherwise.
    const newer = runPlan({ deadlineMinutes: 600 });
    const plan = { ...newer, formworkVersion: '9.0.0', training: { ...newer.training, microBatchRows: 1 } };
    const second = await claims.claim('run/k', 'b', {}, { plan });
    expect(second.plan).toEqual({ ...first.plan, deadlineMinutes: 600 });
    expect(claims.store.needJson(runKeys.plan(KEY, 2))).toEqual(second.plan);
    const third = await claims.claim('run/k', 'c', { deadlineMinutes: 5 });
    expect(third.plan).toEqual({ ...first.plan, deadlineMinutes: 5 });
  });

  test('does so with the lease and the limits of its own start, where that names them', async () => {
    const claims = new Claims();
    const first = await claims.claim('run/k', 'a', { limits: { setupSeconds: 600, stepSeconds: 60 } });
    const second = await claims.claim('run/k', 'b', {
      limits: { stepSeconds: 90 },
      cluster: { leaseMinutes: 7, pricePerNodeHourUsd: 2 },
    });
    expect(second.plan).toEqual({
      ...first.plan,
      limits: { ...first.plan.limits, stepSeconds: 90 },
      cluster: { ...first.plan.cluster, leaseMinutes: 7, pricePerNodeHourUsd: 2 },
    });
  });

  test('takes the first plan of those who got as far as writing one', async () => {
    const claims = new Claims();
    claims.store.failWith(new Failure('StoreUnavailable', 'away'), ({ key }) => key === runKeys.plan(KEY, 1), 1);
    await expect(claims.claim('run/k', 'a')).rejects.toThrow('away');
    const second = await claims.claim('run/k', 'b');
    expect((await claims.claim('run/k', 'c')).plan).toEqual(second.plan);
  });

  test('is told what has been finished, by step', async () => {
    const claims = new Claims();
    await claims.claim('run/k', 'a');
    const record = recordStep(claims);
    await record({ runKey: KEY, name: 'prepare', value: { datasetId: 'd' } });
    await record({ runKey: KEY, name: 'nodes', value: [1, 2] });
    await record({ runKey: 'another', name: 'train', value: 1 });
    expect((await claims.claim('run/k', 'b')).finished).toEqual({ prepare: { datasetId: 'd' }, nodes: [1, 2] });
  });
});
