import { describe, expect, test } from 'vitest';
import type { Incident, PlanChange } from '../../../src/contract/incident.js';
import { planInForce } from '../../../src/domain/incidents.js';
import { planChanges } from '../../../src/domain/plan-changes.js';
import { runPlan } from '../../fixtures/run-plan.js';

const stamp = { id: 'x', at: '2026-11-22T20:00:00.000Z', fence: 1 };
const halved = (microBatchRows: number, accumulationSteps: number): Incident => ({
  ...{ event: 'failed', ...stamp, kind: 'OutOfMemory', scope: 'round-0', message: '', answer: 'again', skipStep: null },
  change: { training: { microBatchRows, accumulationSteps }, evaluation: {}, limits: {} },
});
const retried = (change: PlanChange | null): Incident => ({ event: 'retried', ...stamp, kind: 'Diverged', change, by: 'person' });

describe('what incidents have changed of a plan', () => {
  const made = runPlan();
  const plan = { ...made, training: { ...made.training, microBatchRows: 4, accumulationSteps: 1, learningRate: 0.004 } };

  test('is each number with what it was before, what for and by whom', () => {
    const set = retried({ training: { learningRate: 0.001 }, evaluation: { batchItems: 8 }, limits: { stepSeconds: 240 } });
    const batchItems = String(plan.evaluation.batchItems);
    const stepSeconds = String(plan.limits.stepSeconds);
    expect(planChanges(plan, [halved(2, 2), halved(1, 4), set])).toEqual([
      { at: stamp.at, field: 'training.microBatchRows', from: '4', to: '2', kind: 'OutOfMemory', byPerson: false },
      { at: stamp.at, field: 'training.accumulationSteps', from: '1', to: '2', kind: 'OutOfMemory', byPerson: false },
      { at: stamp.at, field: 'training.microBatchRows', from: '2', to: '1', kind: 'OutOfMemory', byPerson: false },
      { at: stamp.at, field: 'training.accumulationSteps', from: '2', to: '4', kind: 'OutOfMemory', byPerson: false },
      { at: stamp.at, field: 'training.learningRate', from: '0.004', to: '0.001', kind: 'Diverged', byPerson: true },
      { at: stamp.at, field: 'evaluation.batchItems', from: batchItems, to: '8', kind: 'Diverged', byPerson: true },
      { at: stamp.at, field: 'limits.stepSeconds', from: stepSeconds, to: '240', kind: 'Diverged', byPerson: true },
    ]);
  });

  test('ends at the plan in force', () => {
    const incidents = [halved(2, 2), halved(1, 4)];
    const last = planChanges(plan, incidents).findLast(({ field }) => field === 'training.microBatchRows');
    expect(Number(last?.to)).toBe(planInForce(plan, incidents).training.microBatchRows);
  });

  test('is nothing where incidents changed nothing, or set what was so already', () => {
    expect(planChanges(plan, [retried(null), retried({ training: { learningRate: 0.004 }, evaluation: {}, limits: {} })])).toEqual(
      [],
    );
  });
});
