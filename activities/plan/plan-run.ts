import type { RunPlan } from '../../src/contract/plan.js';
import { Failure } from '../../src/domain/failures.js';
import { runKeyOf } from '../../src/domain/names.js';
import { scheduledRunProblem } from '../../src/domain/run-schedule.js';
import type { Planner } from '../../src/platform/planning/port.js';
import { RunKey } from '../../src/contract/request.js';
import { beating } from '../beating.js';

export interface PlanRunInput {
  request: unknown;
  workflowId: string;
  /** The schedule that has started this execution; absent: none has. */
  schedule?: string | undefined;
}

/** The first act of every run, whatever way it was started: a plan without open choices, or a refusal that is not retried. */
export const planRun =
  (ports: { planner: Planner }) =>
  async ({ request, workflowId, schedule }: PlanRunInput): Promise<{ runKey: string; plan: RunPlan }> => {
    // Reads every row that the request names, which are millions for some.
    const plan = await beating(() => ports.planner.plan(request, 'run'));
    const problem = schedule === undefined ? null : scheduledRunProblem(schedule, workflowId, plan.request.runKey);
    if (problem !== null) throw new Failure('InvalidRequest', problem, { problems: [{ path: 'runKey', message: problem }] });
    const runKey = plan.request.runKey ?? runKeyOf(workflowId);
    const checked = RunKey.safeParse(runKey);
    if (!checked.success) {
      throw new Failure(
        'InvalidRequest',
        `the workflow id "${workflowId}" makes no run key: expected ${checked.error.issues[0]?.message}; choose another id or set runKey`,
        { problems: [{ path: 'runKey', message: checked.error.issues[0]?.message }] },
      );
    }
    return { runKey, plan };
  };
