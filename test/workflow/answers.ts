import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { LostNode } from '../../activities/cluster/watch-nodes.js';
import type { Claim } from '../../activities/run/claim-run.js';
import type { FollowProgress, FollowResult, RankExit } from '../../src/contract/job.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import type { RunPlan } from '../../src/contract/plan.js';

// What acts answer in scenarios.

/** A claim on a run of which all is done but the training, the export and the report; with another plan where one is given. */
export const trainingLeft = (plan: RunPlan, fence = 1): (() => Promise<Claim>) => {
  const note = 'found';
  const finished = {
    prepare: { datasetId: 'd', note },
    baseline: { modelId: 'm', maxNewTokens: 9, note },
    smoke: { note },
    evaluate: { epoch: 1, step: 20, key: 'epoch', weightsSha256: 'w', note },
    test: { comparison: { items: 2, before: estimate, after: estimate, difference: estimate, gained: 0, lost: 0 }, note },
  };
  return () => Promise.resolve({ fence, plan, finished });
};

export const estimate = { value: 0.9, low: 0.8, high: 1 };

const exitOf = (kind: FailureKind, step: number | null = null): RankExit[] => [
  { rank: 0, code: null, signal: 'SIGKILL', kind, message: 'from the test', step, logTail: ['last line'] },
];

/** How far a follower says that its job has got. */
export const progressAt = (done: number, total: number | null = 20): FollowProgress => ({
  ...{
    phase: 'loop',
    done,
    total,
    unit: 'steps',
    loss: 1.5,
    tokensPerSecond: 1,
    etaSeconds: 60,
    checkpointStep: null,
    trouble: null,
  },
});

/** A job whose rank failed of this. */
export const endedBy = (kind: FailureKind, step: number | null = null): FollowResult => ({
  ...{ state: 'ended', exits: exitOf(kind, step), results: [], progress: progressAt(10) },
});

/** Is this job one of the round that trains, not of the smoke test or of an evaluation? */
export const isTraining = (jobId: string): boolean => jobId.startsWith('round-0');
export const inTraining = ({ jobId }: { jobId: string }): boolean => isTraining(jobId);

export const failWith = (type: FailureKind, message = 'from the test'): never => {
  throw ApplicationFailure.create({ type, message, nonRetryable: true });
};

/** An act that beats until somebody cancels it. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 200);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

/** What a provider says of machines: which of them are gone, as soon as one is. Asked by whoever still watches, each by itself. */
export async function untilGone(nodeIds: readonly string[], gone: ReadonlySet<string>): Promise<LostNode[]> {
  const context = Context.current();
  for (;;) {
    const lost = nodeIds.filter((nodeId) => gone.has(nodeId));
    if (lost.length > 0) return lost.map((nodeId) => ({ nodeId, evidence: 'the provider says so' }));
    context.heartbeat();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), context.cancelled]);
  }
}

/** A job that did what it was asked to. */
export function followedWell(): FollowResult {
  const time = new Date().toISOString();
  return {
    state: 'ended',
    exits: [{ rank: 0, code: 0, signal: null, kind: null, message: '', step: null, logTail: [] }],
    progress: progressAt(20),
    results: [{ kind: 'tokenised', time, rank: 0, splits: [], vocabulary_size: 1, tokenizer_probe_sha256: '' }],
  };
}
