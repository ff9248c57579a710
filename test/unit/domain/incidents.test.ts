import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Incident, PlanChange } from '../../../src/contract/incident.js';
import type { FailureKind } from '../../../src/contract/kinds.js';
import { budgetsUsed, planInForce, skippedSteps } from '../../../src/domain/incidents.js';
import { runPlan } from '../../fixtures/run-plan.js';

const stamp = { id: 'x', at: '2026-11-22T20:00:00.000Z', fence: 1 };
const failed = (kind: FailureKind, more: Partial<Extract<Incident, { event: 'failed' }>> = {}): Incident => ({
  ...{ event: 'failed', ...stamp, kind, change: null, scope: 'round-0', message: '', answer: 'again', skipStep: null },
  ...more,
});
const retried = (kind: FailureKind, change: PlanChange | null = null): Incident => ({
  event: 'retried',
  ...stamp,
  kind,
  change,
  by: 'person',
});

describe('the budgets that incidents have used', () => {
  test('are counted by cause and by round or job, whichever owner met them', () => {
    const incidents = [failed('Hang'), failed('Hang', { fence: 2 }), failed('NodeLost'), failed('Hang', { scope: 'tokens' })];
    expect(budgetsUsed(incidents, 'round-0')).toEqual({ Hang: 2, NodeLost: 1 });
    expect(budgetsUsed(incidents, 'tokens')).toEqual({ Hang: 1 });
  });

  test('are new for the cause that a person has let the run go on after, and for that alone', () => {
    expect(budgetsUsed([failed('Hang'), failed('NodeLost'), retried('Hang'), failed('Hang')], 'round-0')).toEqual({
      ...{ Hang: 1, NodeLost: 1 },
    });
  });
});

describe('the plan in force', () => {
  const plan = runPlan();

  test('is the plan itself where nothing has changed', () => {
    expect(planInForce(plan, [failed('Hang'), retried('Hang')])).toEqual(plan);
  });

  test('has the newest value of each field that was changed, and all others as planned', () => {
    const rates = fc.array(fc.record({ learningRate: fc.double({ min: 1e-6, max: 1, noNaN: true }) }, { requiredKeys: [] }));
    fc.assert(
      fc.property(rates, (changes) => {
        const incidents = changes.map((training) => retried('Diverged', { training, evaluation: {}, limits: {} }));
        const newest = changes.map(({ learningRate }) => learningRate).filter((rate) => rate !== undefined);
        const learningRate = newest.at(-1) ?? plan.training.learningRate;
        expect(planInForce(plan, incidents)).toEqual({ ...plan, training: { ...plan.training, learningRate } });
      }),
    );
  });
});

test('steps that are passed over are those of the round, in order, each once', () => {
  const incidents = [
    failed('Diverged', { skipStep: 40 }),
    failed('Diverged', { skipStep: 7 }),
    failed('Diverged', { skipStep: 40 }),
    failed('Diverged', { skipStep: 1, scope: 'round-smoke' }),
    failed('Hang'),
  ];
  expect(skippedSteps(incidents, 'round-0')).toEqual([7, 40]);
});
