import type { FailureKind, WorkflowEnding } from '../contract/kinds.js';
import type { RunPlan } from '../contract/plan.js';
import type { FineTuningRequest } from '../contract/request.js';
import type { RunOwner, RunRecovery } from '../contract/run.js';
import { Failure, FAILURES, needsPerson } from './failures.js';
import { runKeys } from './store-keys.js';

/** How the newest execution of a run ended, as its server says. */
export interface WorkflowEnd {
  how: WorkflowEnding;
  at: string;
  /** null: it did not fail, or of nothing that has a name. */
  failure: FailureKind | null;
}

export interface RecoveryFacts {
  end: WorkflowEnd;
  settings: RunPlan['recovery'];
  /** Starts without a person since the last one by a person, oldest first. */
  made: readonly RunRecovery[];
  /** Of that last start by a person: nobody has asked for more time than this. */
  deadlineAt: string;
}

export type RecoveryVerdict =
  { action: 'start'; deadlineMinutes: number } | { action: 'wait'; until: string } | { action: 'leave'; why: string };

/** The shortest deadline that a request may ask for; with less left, a start is not worth its machines. */
const LEAST_MINUTES = 5;

/** Is a run that is over started again by itself? null: whoever ended it did not want it to go on, or it is done. */
export function judgeRecovery({ end, settings, made, deadlineAt }: RecoveryFacts, now: Date): RecoveryVerdict | null {
  if (end.how === 'completed' || end.how === 'cancelled') return null;
  // One whose child somebody has cancelled closes as failed, of nothing.
  if (end.how === 'failed' && end.failure === null) return null;
  const leave = (why: string): RecoveryVerdict => ({ action: 'leave', why });
  if (end.how === 'terminated' && !settings.afterTerminate)
    return leave('somebody has terminated it, and recovery.afterTerminate is false');
  if (end.failure !== null && needsPerson(end.failure))
    return leave(`${end.failure} is for a person to mend: ${FAILURES[end.failure].remedy}`);
  if (made.length >= settings.attempts)
    return leave(
      settings.attempts === 0
        ? 'recovery.attempts is 0'
        : `it has been started again ${made.length} times, and recovery.attempts allows no more`,
    );
  const due = Date.parse(end.at) + waitMinutesBefore(made.length, settings) * 60_000;
  const from = Math.max(due, now.getTime());
  const deadlineMinutes = Math.floor((Date.parse(deadlineAt) - from) / 60_000);
  if (deadlineMinutes < LEAST_MINUTES) return leave(`its deadline, ${deadlineAt}, leaves less than ${LEAST_MINUTES} minutes`);
  return due > now.getTime() ? { action: 'wait', until: new Date(due).toISOString() } : { action: 'start', deadlineMinutes };
}

/** The pause before a start without a person, when there were `count` before it: a cause that lasts is asked ever less often. */
export const waitMinutesBefore = (count: number, { waitMinutes }: RunPlan['recovery']): number => waitMinutes * 2 ** count;

/** Can this server say how the owner's workflow is? Where none is written down it is asked. */
export const isOfServer = ({ server }: Pick<RunOwner, 'server'>, serverId: string): boolean =>
  server === null || server === serverId;

/**
 * Of the keys of a run's plans the one of this owner, or, where its claim broke off before that was written, of the one before.
 * @throws Failure InvalidData where there is none.
 */
export function newestPlanKey(keys: readonly string[], runKey: string, fence: number): string {
  for (let n = fence; n > 0; n -= 1) if (keys.includes(runKeys.plan(runKey, n))) return runKeys.plan(runKey, n);
  throw new Failure('InvalidData', `run ${runKey} has no plan; formwork run with its request goes on`);
}

/**
 * Those of all recoveries that followed the last start by a person, oldest first: the line of starts that made this owner, and those
 * since that have claimed nothing. All of a line carry one deadline on.
 */
export function recoveriesSince(owner: Pick<RunOwner, 'fence' | 'recovery'>, all: readonly RunRecovery[]): RunRecovery[] {
  const own = all.find(({ number }) => number === owner.recovery);
  return all
    .filter(
      ({ number, after, deadlineAt }) =>
        after === owner.fence || (own !== undefined && number <= own.number && deadlineAt === own.deadlineAt),
    )
    .sort((a, b) => a.number - b.number);
}

/** When the time is over that the last person to start the run has given it. */
export function deadlineOf(
  owner: { claimedAt: string },
  plan: Pick<RunPlan, 'deadlineMinutes'>,
  made: readonly RunRecovery[],
): string {
  return made[0]?.deadlineAt ?? new Date(Date.parse(owner.claimedAt) + plan.deadlineMinutes * 60_000).toISOString();
}

/**
 * What was asked for, with the times and limits of the newest start, which may be others than those of the first. With its key: the
 * first request may have been without one, and the newest owner may be a workflow of another id.
 */
export function requestOf(plan: RunPlan, runKey: string): FineTuningRequest {
  const { request, deadlineMinutes, maxSpendUsd, maxHourlyUsd, parkedNodesMinutes, limits, recovery } = plan;
  const { leaseMinutes, pricePerNodeHourUsd } = plan.cluster;
  const cluster = { ...request.cluster, leaseMinutes, pricePerNodeHourUsd };
  const times = { deadlineMinutes, parkedNodesMinutes, limits, recovery };
  return { ...request, runKey, ...times, maxSpendUsd, maxHourlyUsd, cluster };
}
