import type { Incident } from '../contract/incident.js';
import type { FailureKind } from '../contract/kinds.js';
import type { RunPlan } from '../contract/plan.js';

// What the incidents of a run come to. They are in the order in which they were written.

/** How often a gang or job has failed of each cause since the run was last let go on. */
export type BudgetsUsed = Partial<Record<FailureKind, number>>;

export function budgetsUsed(incidents: readonly Incident[], scope: string): BudgetsUsed {
  return incidents.reduce<BudgetsUsed>((used, incident) => {
    if (incident.event === 'retried') return { ...used, [incident.kind]: 0 };
    if (incident.event === 'raised') return used;
    return incident.scope === scope ? { ...used, [incident.kind]: (used[incident.kind] ?? 0) + 1 } : used;
  }, {});
}

/** The plan with the numbers that incidents have put into it, the newest last. */
export function planInForce(plan: RunPlan, incidents: readonly Incident[]): RunPlan {
  return incidents.reduce<RunPlan>(
    (before, { change }) =>
      change === null
        ? before
        : {
            ...before,
            training: changed(before.training, change.training),
            evaluation: changed(before.evaluation, change.evaluation),
            limits: changed(before.limits, change.limits),
          },
    plan,
  );
}

const changed = <T extends object>(before: T, change: object): T => ({ ...before, ...change });

/** Steps whose batch is passed over, in order, each once. Data is drawn by step, so they hold for every gang of the round. */
export function skippedSteps(incidents: readonly Incident[], scope: string): number[] {
  const steps = incidents.flatMap((incident) =>
    incident.event === 'failed' && incident.scope === scope && incident.skipStep !== null ? [incident.skipStep] : [],
  );
  return [...new Set(steps)].sort((a, b) => a - b);
}
