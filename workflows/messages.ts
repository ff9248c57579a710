import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { RunStatus } from '../src/contract/run.js';
import { STOP_UPDATE } from '../src/domain/names.js';

// Everything that travels against the stream, beside heartbeats and failures.

/** The nodes of a lease, as they are now. From a lease to its run and to whoever asked for a replacement. */
export interface LeaseChange {
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

/** From a round to its run, at each gang and each newest checkpoint it hears of: what a person sees. */
export interface RoundProgress {
  note: string;
  failure: { kind: string; message: string } | null;
}
export const roundProgressSignal = defineSignal<[RoundProgress]>('roundProgress');

export const statusQuery = defineQuery<RunStatus>('status');
export const planQuery = defineQuery<RunPlan | null>('plan');

/** Ends the run so that the next start under its key goes on: ranks write a checkpoint, nodes are given back. */
export const stopAfterCheckpointUpdate = defineUpdate<string>(STOP_UPDATE);
