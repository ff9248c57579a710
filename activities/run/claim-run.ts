import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { RunPlan, type RankLimits } from '../../src/contract/plan.js';
import { FineTuningRequest } from '../../src/contract/request.js';
import type { RunOwner } from '../../src/contract/run.js';
import { Failure } from '../../src/domain/failures.js';
import { isOfServer } from '../../src/domain/recovery.js';
import { requestDifferences } from '../../src/domain/request-differences.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';
import { refuseWhileRemoved, waitForPrune } from '../storage/prune-mark.js';
import { readRecord, readRequiredRecord, toJson } from '../storage/records.js';
import { endEarlier } from './end-earlier.js';
import { newestOwner } from './newest-owner.js';

export interface ClaimInput {
  runKey: string;
  plan: RunPlan;
  workflowId: string;
  runId: string;
  /** Of the recovery that started this execution; null: none did. */
  recovery: number | null;
}

export interface Claim {
  /** n of owners/<n>: everything that this execution does carries it. */
  fence: number;
  /** The first owner's plan: who carries a run on carries on with its choices. */
  plan: RunPlan;
  /** What earlier executions have finished, by step. */
  finished: Record<string, unknown>;
}

/**
 * Makes this execution the one that carries the run on, and ends what earlier ones have left open. Called twice, it claims once.
 * @throws Failure RunKeyInUse while another execution has it, or a prune removes it; StoreUnavailable while a prune thins it out;
 * InvalidRequest when the key belongs to another request.
 */
export const claimRun =
  (ports: { store: ObjectStore; runs: RunDirectory }) =>
  async (input: ClaimInput): Promise<Claim> => {
    const { store } = ports;
    await refuseWhileRemoved(store, input.runKey);
    await checkSameRequest(store, input);
    const before = await newestOwner(store, input.runKey);
    const mine = before?.runId === input.runId;
    const server = await ports.runs.serverId();
    if (!mine && before !== null) await checkClosed(ports, before, server, input);
    const fence = mine ? before.fence : (before?.fence ?? 0) + 1;
    const { workflowId, runId, recovery } = input;
    const owner: RunOwner = { fence, workflowId, runId, server, recovery, claimedAt: new Date().toISOString() };
    if (!mine && !(await store.putIfAbsent(runKeys.owner(input.runKey, fence), toJson(owner)))) {
      throw new Failure('RunKeyInUse', `another execution claimed run ${input.runKey} at the same moment`, { fence });
    }
    // Next to its owner: whoever recovers or resumes a claim that failed after it needs both.
    const first = await firstPlan(store, input.runKey, fence);
    const plan = first === null ? input.plan : withNewTimes(first, input.plan);
    await store.putIfAbsent(runKeys.plan(input.runKey, fence), toJson(plan));
    // A prune looks for owners after it has set its mark: of a claim and a prune at one moment, one sees the other.
    await refuseWhileRemoved(store, input.runKey);
    await waitForPrune(store, runKeys.root(input.runKey));
    const left = await endEarlier(ports.runs, input.runKey, fence);
    if (left.length > 0) Context.current().log.warn('workflows of earlier executions of the run were open', { left });
    return { fence, plan, finished: await finishedSteps(store, input.runKey) };
  };

/** Those are of one execution: a run that met its deadline, or a limit, goes on when it is asked again with more time. */
function withNewTimes(first: RunPlan, newest: RunPlan): RunPlan {
  const { deadlineMinutes, maxSpendUsd, maxHourlyUsd, parkedNodesMinutes, recovery, limits, cluster, request } = newest;
  const { leaseMinutes, pricePerNodeHourUsd } = cluster;
  // What is left open was chosen for the device of the first plan.
  const asked = Object.entries(limits).filter(([name]) => request.limits[name as keyof RankLimits] !== 'auto');
  return {
    ...first,
    ...{ deadlineMinutes, maxSpendUsd, maxHourlyUsd, parkedNodesMinutes, recovery },
    limits: { ...first.limits, ...Object.fromEntries(asked) },
    cluster: { ...first.cluster, leaseMinutes, pricePerNodeHourUsd },
  };
}

async function checkSameRequest(store: ObjectStore, { runKey, plan }: ClaimInput): Promise<void> {
  if (await store.putIfAbsent(runKeys.request(runKey), toJson(plan.request))) return;
  const first = await readRequiredRecord(store, runKeys.request(runKey), FineTuningRequest);
  const different = requestDifferences(first, plan.request);
  if (different.length === 0) return;
  throw new Failure(
    'InvalidRequest',
    `run key ${runKey} belongs to another request; they differ in ${different.join(', ')}; choose another run key, or ask for the same`,
    { problems: different.map((path) => ({ path, message: 'differs from the request that the run key belongs to' })) },
  );
}

async function checkClosed(
  { runs, store }: { runs: RunDirectory; store: ObjectStore },
  owner: RunOwner,
  server: string,
  input: ClaimInput,
): Promise<void> {
  // Closed and unreachable look the same from another server; a person has to know.
  const isTakenOver = (await store.get(runKeys.takeOver(input.runKey, owner.fence))) !== null;
  if (!isOfServer(owner, server)) {
    if (isTakenOver) return;
    throw new Failure(
      'RunKeyInUse',
      `run ${input.runKey} belongs to another Temporal server, or to a database that is gone (namespace ${owner.server}; this one is ${server}); where that one is lost, formwork resume ${input.runKey} --take-over goes on`,
      { owner },
    );
  }
  // A server has one open execution of a workflow id at most: with ours open, an earlier one of the same id is closed.
  if (owner.workflowId === input.workflowId) return;
  const state = await runs.stateOf(owner.workflowId);
  if (state === 'closed' || (state === 'unknown' && isTakenOver)) return;
  const reason = state === 'open' ? 'is still open' : 'is not known to this server, which is not the same as closed';
  throw new Failure('RunKeyInUse', `run ${input.runKey} is carried on by workflow ${owner.workflowId}, which ${reason}`, { owner });
}

async function firstPlan(store: ObjectStore, runKey: string, fence: number): Promise<RunPlan | null> {
  for (let n = 1; n < fence; n += 1) {
    const plan = await readRecord(store, runKeys.plan(runKey, n), RunPlan);
    if (plan !== null) return plan;
  }
  return null;
}

async function finishedSteps(store: ObjectStore, runKey: string): Promise<Record<string, unknown>> {
  const prefix = runKeys.step(runKey, '').replace(/\.json$/, '');
  const finished: Record<string, unknown> = {};
  for (const { key } of await store.list(prefix)) {
    finished[key.slice(prefix.length).replace(/\.json$/, '')] = await readRequiredRecord(store, key, z.unknown());
  }
  return finished;
}
