import type { RunPlan } from '../../src/contract/plan.js';
import { FineTuningRequest } from '../../src/contract/request.js';
import { resolvePlan } from '../../src/domain/plan.js';
import type { Planner } from '../../src/platform/planning/port.js';
import { planFacts } from '../fixtures/run-plan.js';

/** Plans for a machine that does not exist, by the real rules; looks at no file. */
export class FakePlanner implements Planner {
  readonly asked: { request: unknown; purpose: 'run' | 'show' }[] = [];

  plan(request: unknown, purpose: 'run' | 'show'): Promise<RunPlan> {
    this.asked.push({ request, purpose });
    return Promise.resolve().then(() => resolvePlan(FineTuningRequest.parse(request ?? {}), planFacts()));
  }
}
