import type { RunPlan } from '../../contract/plan.js';

/** Turns what somebody asked for into a plan, or says what is wrong with it. Starts and leases nothing. */
export interface Planner {
  /**
   * @param purpose `show` allows what could not run here, e.g. GPUs that this machine lacks.
   * @throws Failure InvalidRequest with every problem; DoesNotFit with the memory sum; EnvironmentNotReady.
   */
  plan(request: unknown, purpose: 'run' | 'show'): Promise<RunPlan>;
}
