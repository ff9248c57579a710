import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { decisions } from '../../../../activities/decisions.js';
import { planRun, type PlanRunInput } from '../../../../activities/plan/plan-run.js';
import { RunPlan } from '../../../../src/contract/plan.js';
import { FakePlanner } from '../../../fakes/fake-planner.js';
import { failure } from '../../../fixtures/failure.js';

const planned = (planner: FakePlanner, input: PlanRunInput): ReturnType<ReturnType<typeof planRun>> =>
  new MockActivityEnvironment().run(planRun({ planner }), input);

describe('planning a run', () => {
  test('asks for what can run here, and gives a plan without open choices', async () => {
    const planner = new FakePlanner();
    const { plan, runKey } = await planned(planner, { request: {}, workflowId: 'run/viggo-4' });
    expect(runKey).toBe('viggo-4');
    expect(() => RunPlan.parse(plan)).not.toThrow();
    expect(planner.asked).toEqual([{ request: {}, purpose: 'run' }]);
  });

  test.each([
    ['run/viggo-4', null, 'viggo-4'],
    ['from-the-web-ui', null, 'from-the-web-ui'],
    ['run/viggo-4', 'mine', 'mine'],
  ])('the workflow %s with run key %s carries the key %s', async (workflowId, runKey, expected) => {
    const carried = await planned(new FakePlanner(), { request: { runKey }, workflowId });
    expect(carried.runKey).toBe(expected);
  });

  test('a workflow id that makes no run key is refused, with what to do', async () => {
    await expect(planned(new FakePlanner(), { request: {}, workflowId: 'a/b c' })).rejects.toEqual(
      failure('InvalidRequest', /the workflow id "a\/b c" makes no run key: .*choose another id or set runKey/),
    );
  });

  test('of a schedule, a request that would make all starts one run is refused', async () => {
    const ofSchedule = { workflowId: 'run/nightly-2026-11-24T01:00:00Z', schedule: 'nightly' };
    expect((await planned(new FakePlanner(), { request: {}, ...ofSchedule })).runKey).toBe('nightly-2026-11-24T01:00:00Z');
    await expect(planned(new FakePlanner(), { request: { runKey: 'mine' }, ...ofSchedule })).rejects.toEqual(
      failure('InvalidRequest', /names runKey mine/),
    );
  });
});

test('a rule that a workflow asks for answers as an activity, and its refusal is a rejection', async () => {
  expect(await decisions.answerLength({ longestCompletion: 40, requested: null })).toEqual({ maxNewTokens: 58 });
  await expect(decisions.chooseEpoch({ candidates: [1], scores: [] })).rejects.toEqual(
    failure('InvalidData', /no epoch was scored/),
  );
});
