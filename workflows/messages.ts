import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { FollowProgress } from '../src/contract/job.js';
import type { FailureKind } from '../src/contract/kinds.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { RunStatus } from '../src/contract/run.js';
import { RAISE_UPDATE, RETRY_UPDATE, STOP_UPDATE } from '../src/domain/names.js';
import type { RankTail } from '../src/domain/rank-tails.js';

// Everything that travels against the stream, beside heartbeats and failures.

/** The nodes of a lease, as they are now. From a lease to its run and to whoever asked for a replacement. */
export interface LeaseChange {
  /** Workflow id of the lease: one of an earlier execution of the run may still be open. */
  leaseId: string;
  nodes: LeasedNode[];
}
export const leaseChangedSignal = defineSignal<[LeaseChange]>('leaseChanged');

export interface ReplaceNode {
  node: number;
  /** The one that is lost; a request for one that is replaced already changes nothing. */
  generation: number;
  evidence: string;
  /** Workflow id of who asks, for the answer. */
  sender: string;
}
export const replaceNodeSignal = defineSignal<[ReplaceNode]>('replaceNode');
export const releaseLeaseSignal = defineSignal('releaseLease');

/** From a run to its round: end with a checkpoint. */
export const stopRoundSignal = defineSignal('stopRound');

/** From a round or an evaluation to its run: what a person sees. What is left out has not changed. */
export interface WorkNews {
  note?: string;
  attempt?: { what: string; result: string };
  failure?: { kind: FailureKind; message: string; ranks: RankTail[] };
  progress?: FollowProgress;
  /** null: nothing waits for a time any more. */
  nextRetryAt?: string | null;
  /** Gangs that have been formed so far, for whoever forms the next one. */
  gang?: number;
}
/** With the fence of whoever works: what an earlier execution of the run has left behind has nothing to tell. */
export const workNewsSignal = defineSignal<[{ fence: number; news: WorkNews }]>('workNews');

export const statusQuery = defineQuery<RunStatus>('status');
export const planQuery = defineQuery<RunPlan | null>('plan');

/** Ends the run so that the next start under its key goes on: ranks write a checkpoint, nodes are given back. */
export const stopAfterCheckpointUpdate = defineUpdate<string>(STOP_UPDATE);

/** What the run may cost from here on; what is left out stays. null: no cap. */
export interface Raise {
  maxSpendUsd?: number | null;
  maxHourlyUsd?: number | null;
}
/** Changes what the run may cost, and lets one go on that is parked for that; answers what holds now. */
export const raiseBudgetUpdate = defineUpdate<string, [Raise]>(RAISE_UPDATE);

/** Part of a request, e.g. {"set": {"training": {"microBatchRows": 1}}}; without it a parked run goes on as it is. */
export interface Retry {
  set?: Record<string, unknown>;
}
/** Lets a parked run go on from its newest checkpoint; answers what it goes on with. */
export const retryNowUpdate = defineUpdate<string, [Retry?]>(RETRY_UPDATE);
