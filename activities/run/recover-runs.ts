import { CancelledFailure, Context } from '@temporalio/activity';
import { RunPlan } from '../../src/contract/plan.js';
import { RunEnded, RunRecovery } from '../../src/contract/run.js';
import { Failure } from '../../src/domain/failures.js';
import { deadlineOf, isOfServer, judgeRecovery, newestPlanKey, recoveriesSince, requestOf } from '../../src/domain/recovery.js';
import { capsInForce } from '../../src/domain/spend-cap.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';
import type { RunSchedules } from '../../src/platform/temporal/run-schedules.js';
import { beating } from '../beating.js';
import { readRecord, readRequiredRecord, toJson } from '../storage/records.js';
import { readIncidents } from './incidents.js';
import { newestOwner } from './newest-owner.js';
import { resumeSchedules } from './resume-schedules.js';

export interface RecoveryResult {
  started: { runKey: string; number: number }[];
  waiting: { runKey: string; until: string }[];
  left: { runKey: string; why: string }[];
  /** Schedules that a failure had paused, whose run has completed since. */
  resumed: { schedule: string; runKey: string }[];
}

interface Ports {
  store: ObjectStore;
  runs: RunDirectory;
  schedules: RunSchedules;
}

/**
 * Starts runs again that have failed and that nobody has to mend first; what it leaves, and why, is in its result. Then lets schedules
 * go on that waited for such a run.
 */
export const recoverRuns = (ports: Ports) => (): Promise<RecoveryResult> =>
  beating(async () => {
    const result: RecoveryResult = { started: [], waiting: [], left: [], resumed: [] };
    for (const runKey of await ports.runs.failedRuns()) {
      try {
        await recoverRun(ports, runKey, result);
      } catch (error) {
        if (concernsAll(error)) throw error;
        // What is wrong with one must not keep the others down; the next look tries it again.
        Context.current().log.warn('a run could not be looked at', { runKey, error });
        result.left.push({ runKey, why: error instanceof Error ? error.message : String(error) });
      }
    }
    result.resumed = await resumeSchedules(ports);
    return result;
  });

/** Of the look itself, or of store or server as a whole: tried again at once. */
const concernsAll = (error: unknown): boolean =>
  error instanceof CancelledFailure ||
  (error instanceof Failure && (error.kind === 'StoreUnavailable' || error.kind === 'Unreachable'));

async function recoverRun({ store, runs }: Ports, runKey: string, result: RecoveryResult): Promise<void> {
  const owner = await newestOwner(store, runKey);
  // Never claimed, or by another server, which sees to its own.
  if (owner === null || !isOfServer(owner, await runs.serverId())) return;
  const ended = await readRecord(store, runKeys.ended(runKey), RunEnded);
  // Called off while it was closed, or cancelled before whatever the server saw.
  if (ended?.outcome === 'cancelled' && ended.fence >= owner.fence) return;
  const end = await runs.endOf(owner.workflowId);
  if (end === null) return;
  const plans = (await store.list(runKeys.plans(runKey))).map(({ key }) => key);
  const planned = await readRequiredRecord(store, newestPlanKey(plans, runKey, owner.fence), RunPlan);
  const plan = { ...planned, ...capsInForce(planned, owner.fence, await readIncidents(store, runKey)) };
  const all = await recoveries(store, runKey);
  const made = recoveriesSince(owner, all);
  const deadlineAt = deadlineOf(owner, plan, made);
  const now = new Date();
  const verdict = judgeRecovery({ end, settings: plan.recovery, made, deadlineAt }, now);
  if (verdict === null) return;
  if (verdict.action === 'leave') result.left.push({ runKey, why: verdict.why });
  else if (verdict.action === 'wait') result.waiting.push({ runKey, until: verdict.until });
  else {
    const number = (all.at(-1)?.number ?? 0) + 1;
    const reason = end.failure ?? end.how;
    const record: RunRecovery = { number, after: owner.fence, at: now.toISOString(), deadlineAt, reason };
    // Written first: a start that is lost counts, so that nothing is started without end.
    if (!(await store.putIfAbsent(runKeys.recovery(runKey, number), toJson(record)))) return;
    await runs.start(owner.workflowId, { ...requestOf(plan, runKey), deadlineMinutes: verdict.deadlineMinutes }, number);
    Context.current().log.warn('a run that had ended is started again', { runKey, number, reason });
    result.started.push({ runKey, number });
  }
}

async function recoveries(store: ObjectStore, runKey: string): Promise<RunRecovery[]> {
  const keys = (await store.list(runKeys.recoveries(runKey))).map(({ key }) => key);
  const records = await Promise.all(keys.map((key) => readRequiredRecord(store, key, RunRecovery)));
  return records.sort((a, b) => a.number - b.number);
}
