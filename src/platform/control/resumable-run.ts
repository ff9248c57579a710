import { Incident } from '../../contract/incident.js';
import { RunPlan } from '../../contract/plan.js';
import { FineTuningRequest } from '../../contract/request.js';
import { RunRecovery, type RunEnded, type RunOwner } from '../../contract/run.js';
import { Failure } from '../../domain/failures.js';
import { deadlineOf, recoveriesSince } from '../../domain/recovery.js';
import { capsInForce } from '../../domain/spend-cap.js';
import { runKeys } from '../../domain/store-keys.js';
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
  const all = await Promise.all(keys.map(async (key) => RunRecovery.parse(await json(store, key))));
  const made = recoveriesSince(owner, all);
  const request = FineTuningRequest.parse(await json(store, runKeys.request(runKey)));
  const newest = await planOf(store, runKey, owner.fence);
  const first = owner.recovery === null ? undefined : made[0]?.after;
  const planned = first === undefined ? newest : await planOf(store, runKey, first);
  const raised = (await store.list(runKeys.incidents(runKey))).map(async ({ key }) => Incident.parse(await json(store, key)));
  // A recovery starts with the caps that a person has set before it.
  const plan = { ...planned, ...capsInForce(newest, owner.fence, await Promise.all(raised)) };
  return { owner, ended, request, plan, made, deadlineAt: deadlineOf(owner, newest, made) };
}

/** Of this owner, or, where its claim broke off before that was written, of the one before. */
async function planOf(store: ObjectStore, runKey: string, fence: number): Promise<RunPlan> {
  const plan = await json(store, runKeys.plan(runKey, fence));
  if (plan !== null) return RunPlan.parse(plan);
  if (fence > 1) return planOf(store, runKey, fence - 1);
  throw new Failure('InvalidData', `run ${runKey} has no plan; formwork run with its request goes on`);
}

const json = async (store: ObjectStore, key: string): Promise<unknown> =>
  JSON.parse((await store.get(key))?.toString('utf8') ?? 'null') as unknown;
