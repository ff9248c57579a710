import { describe, expect, test } from 'vitest';
import { readIncidents, readPlanInForce } from '../../../../activities/run/incidents.js';
import { judgeGang, type JudgeGangInput } from '../../../../activities/training/judge-gang.js';
import type { RankExit } from '../../../../src/contract/job.js';
import type { FailureKind } from '../../../../src/contract/kinds.js';
import type { GangDecision } from '../../../../src/domain/gang-decision.js';
import { Failure } from '../../../../src/domain/failures.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import { RUN_KEY, StoredRun } from '../../../fixtures/stored-run.js';

const exits = (kind: FailureKind | null, step: number | null = null): RankExit[] => [
  { rank: 0, code: 1, signal: null, kind, message: 'from the test', step, logTail: [] },
];

let asked = 0;
const judge = (run: StoredRun, kind: FailureKind | null, input: Partial<JudgeGangInput> = {}): Promise<GangDecision> =>
  judgeGang(run)({
    ...{ id: `question ${(asked += 1)}`, runKey: RUN_KEY, fence: 1, scope: 'round-0', isTraining: true },
    ...{ exits: exits(kind), evidence: null, stopping: false },
    ...input,
  });

describe('what a gang failed of', () => {
  test('is written down, in order; a gang that is done or was stopped leaves nothing', async () => {
    const run = new StoredRun();
    for (const kind of ['RankKilled', null, 'Hang', 'Interrupted'] as const)
      await judge(run, kind, { stopping: kind === 'Interrupted' });
    expect(await readIncidents(run.store, RUN_KEY)).toMatchObject([
      {
        event: 'failed',
        fence: 1,
        kind: 'RankKilled',
        scope: 'round-0',
        answer: 'again',
        message: 'RankKilled (1 of 32): rank 0: from the test',
      },
      { event: 'failed', kind: 'Hang' },
    ]);
  });

  test('counts for every owner after it', async () => {
    const run = new StoredRun();
    run.claim(2);
    for (let n = 0; n < 4; n += 1) expect(await judge(run, 'Hang')).toMatchObject({ action: 'again' });
    expect(await judge(run, 'Hang', { fence: 2 })).toMatchObject({ action: 'fail', used: { Hang: 5 } });
  });

  test('is counted once when it is asked again, whatever has come after it', async () => {
    const run = new StoredRun();
    const first = await judge(run, 'OutOfMemory', { id: 'a' });
    await judge(run, 'OutOfMemory', { id: 'b' });
    expect(await judge(run, 'OutOfMemory', { id: 'a' })).toEqual(first);
    expect(await readIncidents(run.store, RUN_KEY)).toHaveLength(2);
  });

  test('is counted once when the store broke off at any call', async () => {
    const whole = new StoredRun();
    await judge(whole, 'Hang', { id: 'a' });
    for (let broken = 1; broken <= whole.store.calls.length; broken += 1) {
      const run = new StoredRun();
      let call = 0;
      run.store.failWith(new Failure('StoreUnavailable', 'away'), () => (call += 1) === broken, 1);
      await expect(judge(run, 'Hang', { id: 'a' })).rejects.toThrow('away');
      expect(await judge(run, 'Hang', { id: 'a' })).toMatchObject({ used: { Hang: 1 } });
      expect(await readIncidents(run.store, RUN_KEY)).toHaveLength(1);
    }
  });

  test('of several jobs at one moment is written down for each', async () => {
    const run = new StoredRun();
    const scopes = [0, 1, 2, 3].map((shard) => `evaluation-test-s${shard}`);
    await Promise.all(scopes.map((scope) => judge(run, 'RunnerCrashed', { scope, isTraining: false })));
    const incidents = await readIncidents(run.store, RUN_KEY);
    expect(incidents.map((incident) => incident.event === 'failed' && incident.scope).sort()).toEqual(scopes);
  });
});

describe('memory that runs out', () => {
  test('halves what the halving before has left, and every owner after it plans with that', async () => {
    const run = new StoredRun({ training: { microBatchRows: 8 } });
    const { microBatchRows, accumulationSteps } = run.plan.training;
    run.claim(2);
    await judge(run, 'OutOfMemory', { scope: 'round-smoke' });
    await judge(run, 'OutOfMemory', { fence: 2 });
    expect((await readPlanInForce(run.store, RUN_KEY, 2)).training).toEqual({
      ...run.plan.training,
      ...{ microBatchRows: microBatchRows / 4, accumulationSteps: accumulationSteps * 4 },
    });
    expect(run.store.needJson(runKeys.plan(RUN_KEY, 2))).toEqual(run.plan);
  });

  test('in a job changes nothing', async () => {
    const run = new StoredRun();
    expect(await judge(run, 'OutOfMemory', { scope: 'evaluation-test-s0', isTraining: false })).toMatchObject({ action: 'fail' });
    expect(await readPlanInForce(run.store, RUN_KEY, 1)).toEqual(run.plan);
  });
});
