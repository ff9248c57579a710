import type { Incident, PlanChange } from '../contract/incident.js';
import type { FailureKind } from '../contract/kinds.js';
import type { RunPlan } from '../contract/plan.js';

/** A number of the plan that another one took the place of while the run went on. */
export interface PlanStep {
  at: string;
  /** As in a request, e.g. `training.microBatchRows`. */
  field: string;
  from: string;
  to: string;
  /** What it was changed for. */
  kind: FailureKind;
  /** False: by the policy for that failure; true: by somebody who let a parked run go on. */
  byPerson: boolean;
}

/** What incidents have changed of a plan, in order; a value that was set to what it was already is no change. */
export function planChanges(plan: RunPlan, incidents: readonly Incident[]): PlanStep[] {
  const values = new Map(fields(plan));
  return incidents.flatMap(({ at, kind, event, change }) =>
    fields(change ?? {}).flatMap(([field, to]) => {
      const from = values.get(field) ?? '';
      values.set(field, to);
      return from === to ? [] : [{ at, field, from, to, kind, byPerson: event === 'retried' }];
    }),
  );
}

const fields = ({ training = {}, evaluation = {}, limits = {} }: Partial<PlanChange>): [field: string, value: string][] =>
  Object.entries({ training, evaluation, limits }).flatMap(([section, values]) =>
    Object.entries(values).map(([name, value]): [string, string] => [`${section}.${name}`, String(value)]),
  );
