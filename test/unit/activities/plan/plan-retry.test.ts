import { describe, expect, test } from 'vitest';
import { planRetry } from '../../../../activities/plan/plan-retry.js';
import { readIncidents, readPlanInForce } from '../../../../activities/run/incidents.js';
import { FakePlanner } from '../../../fakes/fake-planner.js';
import { act } from '../../../fixtures/activity-context.js';
import { failure } from '../../../fixtures/failure.js';
import { RUN_KEY, StoredRun } from '../../../fixtures/stored-run.js';

const planner = new FakePlanner();
const retry = (run: StoredRun, set: Record<string, unknown>, id = 'a'): Promise<void> =>
  act(planRetry({ store: run.store, planner }), { id, runKey: RUN_KEY, fence: 1, kind: 'OutOfMemory', set, by: 'person' });

describe('a retry', () => {
  test('of nothing but time changes no number, asks no planner, and makes the budget new', async () => {
    const run = new StoredRun();
    const { length } = planner.asked;
    await retry(run, {});
    expect(await readIncidents(run.store, RUN_KEY)).toMatchObject([
      { event: 'retried', kind: 'OutOfMemory', change: null, by: 'person' },
    ]);
    expect(await readPlanInForce(run.store, RUN_KEY, 1)).toEqual(run.plan);
    expect(planner.asked).toHaveLength(length);
  });

  test('takes the values that were set, and of the new plan nothing else', async () => {
    const run = new StoredRun({ training: { epochs: 3 } });
    const { microBatchRows, accumulationSteps } = run.plan.training;
    await retry(run, { training: { microBatchRows: 2, learningRate: 1e-5 }, evaluation: { batchItems: 8 } });
    expect(await readPlanInForce(run.store, RUN_KEY, 1)).toEqual({
      ...run.plan,
      training: {
        ...run.plan.training,
        ...{ microBatchRows: 2, accumulationSteps: (microBatchRows * accumulationSteps) / 2, learningRate: 1e-5 },
      },
      evaluation: { ...run.plan.evaluation, batchItems: 8 },
    });
  });

  test('takes limits of silence, each by itself', async () => {
    const run = new StoredRun();
    await retry(run, { limits: { stepSeconds: 600 } });
    const { limits } = await readPlanInForce(run.store, RUN_KEY, 1);
    expect(limits).toEqual({ ...run.plan.limits, stepSeconds: 600 });
  });

  test('asked again is written down once', async () => {
    const run = new StoredRun();
    await retry(run, {});
    await retry(run, {});
    await retry(run, {}, 'another');
    expect(await readIncidents(run.store, RUN_KEY)).toHaveLength(2);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['what changes the work', { training: { epochs: 9 } }, /training\.epochs: expected one of training\.microBatchRows/],
    ['what no batch divides into', { training: { microBatchRows: 7 } }, /training\.microBatchRows: expected a divisor/],
  ])('for %s is refused by name, and nothing is written down', async (_, set, message) => {
    const run = new StoredRun();
    await expect(retry(run, set)).rejects.toEqual(failure('InvalidRequest', message));
    expect(await readIncidents(run.store, RUN_KEY)).toEqual([]);
  });
});
