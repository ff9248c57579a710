import { Incident } from '../../contract/incident.js';
import { RunPlan } from '../../contract/plan.js';
import { FineTuningRequest } from '../../contract/request.js';
import { RunRecovery, type RunEnded, type RunOwner } from '../../contract/run.js';
import { deadlineOf, newestPlanKey, recoveriesSince } from '../../domain/recovery.js';
import { capsInForce } from '../../domain/spend-cap.js';
import { runKeys } from '../../domain/store-keys.js';
import { readJsonObject } from '../object-store/json-objects.js';
import type { ObjectStore } from '../object-store/port.js';
import { knownRun } from './open-runs.js';

/** What the next start of a run goes on from, by the store alone. */
export interface ResumableRun {
  owner: RunOwner;
  ended: RunEnded | null;
  /** As first asked for: what the run key belongs to. */
  request: FineTuningRequest;
  /** Of the last start by a person, with what the run may cost by now. */
  plan: RunPlan;
  /** Starts without a person since then, oldest first. */
  made: RunRecovery[];
  deadlineAt: string;
}

/** null: nobody has claimed such a run. */
export async function resumableRun(store: ObjectStore, runKey: string): Promise<ResumableRun | null> {
  const { owner, ended } = await knownRun(store, runKey);
  if (owner === null) return null;
  const keys = (await store.list(runKeys.recoveries(runKey))).map(({ key }) => key);
  const all = await Promise.all(keys.map(async (key) => RunRecovery.parse(await readJsonObject(store, key))));
  const made = recoveriesSince(owner, all);
  const request = FineTuningRequest.parse(await readJsonObject(store, runKeys.request(runKey)));
  const plans = (await store.list(runKeys.plans(runKey))).map(({ key }) => key);
  const planOf = async (fence: number): Promise<RunPlan> =>
    RunPlan.parse(await readJsonObject(store, newestPlanKey(plans, runKey, fence)));
  const newest = await planOf(owner.fence);
  const first = owner.recovery === null ? undefined : made[0]?.after;
  const planned = first === undefined ? newest : await planOf(first);
  const raised = (await store.list(runKeys.incidents(runKey))).map(async ({ key }) =>
    Incident.parse(await readJsonObject(store, key)),
  );
  // A recovery starts with the caps that a person has set before it.
  const plan = { ...planned, ...capsInForce(newest, owner.fence, await Promise.all(raised)) };
  return { owner, ended, request, plan, made, deadlineAt: deadlineOf(owner, newest, made) };
}
