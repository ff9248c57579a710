import type { PlanChange } from '../../src/contract/incident.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import type { RunPlan } from '../../src/contract/plan.js';
import { Failure } from '../../src/domain/failures.js';
import { RETRY_FIELDS } from '../../src/domain/parking.js';
import { describeProblems } from '../../src/domain/request-problems.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { Planner } from '../../src/platform/planning/port.js';
import { beating } from '../beating.js';
import { addIncident, readIncidents, readPlanInForce } from '../run/incidents.js';

export interface PlanRetryInput {
  /** Of this retry: asked again, it is written down once. */
  id: string;
  runKey: string;
  fence: number;
  /** What the run is parked for. */
  kind: FailureKind;
  /** Part of a request; {}: go on as it is. */
  set: Record<string, unknown>;
  by: 'person' | 'itself';
}

/**
 * Lets a parked run go on: checks the values that a person has changed as those of a new request are, and writes down who let it
 * and that the budget of the cause is new.
 * @throws Failure InvalidRequest with every value that cannot be; nothing is changed then.
 */
export const planRetry =
  (ports: { store: ObjectStore; planner: Planner }) =>
  ({ id, runKey, fence, kind, set, by }: PlanRetryInput): Promise<void> =>
    beating(async () => {
      const { store, planner } = ports;
      const incidents = await readIncidents(store, runKey);
      if (incidents.some((incident) => incident.id === id)) return;
      const plan = await readPlanInForce(store, runKey, fence);
      const paths = leaves(set, '');
      const change = paths.length === 0 ? null : changeOf(plan, await planner.plan(merged(plan.request, set), 'run'), paths);
      await addIncident(store, runKey, { event: 'retried', id, at: new Date().toISOString(), fence, kind, change, by });
    });

/** Of the new plan only what was set: the rest of the run stays as it was planned, on whatever machine this is. */
function changeOf(now: RunPlan, wanted: RunPlan, paths: readonly string[]): PlanChange {
  const refused = paths.filter((path) => !RETRY_FIELDS.some((field) => field === path));
  if (refused.length > 0) throw invalid(refused.map((path) => ({ path, message: `expected one of ${RETRY_FIELDS.join(', ')}` })));
  const change: Record<keyof PlanChange, Record<string, unknown>> = { training: {}, evaluation: {}, limits: {} };
  for (const path of paths) {
    const [section, name] = path.split('.') as [keyof PlanChange, string];
    change[section][name] = (wanted[section] as Record<string, unknown>)[name];
  }
  if (!paths.includes('training.microBatchRows')) return change;
  const rows = now.training.microBatchRows * now.training.accumulationSteps;
  const { microBatchRows } = wanted.training;
  if (rows % microBatchRows !== 0)
    throw invalid([{ path: 'training.microBatchRows', message: `expected a divisor of ${rows}, got ${microBatchRows}` }]);
  return { ...change, training: { ...change.training, accumulationSteps: rows / microBatchRows } };
}

function invalid(problems: { path: string; message: string }[]): Failure {
  return new Failure('InvalidRequest', describeProblems(problems), { problems });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths of all values below an object. */
function leaves(value: Record<string, unknown>, path: string): string[] {
  return Object.entries(value).flatMap(([key, inner]) => (isObject(inner) ? leaves(inner, `${path}${key}.`) : [`${path}${key}`]));
}

/** The request with other values, section by section. */
function merged(request: Record<string, unknown>, set: Record<string, unknown>): Record<string, unknown> {
  const changed = Object.entries(set).map(([key, value]): [string, unknown] => {
    const before = request[key];
    return [key, isObject(before) && isObject(value) ? merged(before, value) : value];
  });
  return { ...request, ...Object.fromEntries(changed) };
}
