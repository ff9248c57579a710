import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { JobSpec } from '../src/contract/job.js';
import type { RunnerEventKind, RunnerEventOf } from '../src/contract/runner-event.js';
import type { StagedInput } from '../activities/training/stage-inputs.js';
import { onNode, onNodeLong, records } from './acts.js';
import { fail } from './failure-kind.js';
import { abandonJob } from './stop-job.js';
import { followJob, type JobEnd } from './follow-job.js';

/**
 * Runs a job of one node to its good end, again after a failure that may pass; each attempt has a job id of its own.
 * When this is cancelled the ranks are stopped, and `whenStopped`, which must not fail, may still save what they have made.
 */
export async function runJob(
  node: LeasedNode,
  spec: JobSpec,
  inputs: readonly StagedInput[],
  whenStopped: () => Promise<void> = () => Promise.resolve(),
): Promise<JobEnd> {
  let used = {};
  for (let attempt = 1; ; attempt += 1) {
    const jobId = attempt === 1 ? spec.jobId : `${spec.jobId}-a${attempt}`;
    await onNodeLong(node.taskQueue).stageInputs([...inputs]);
    const end = await runAttempt(node, { ...spec, jobId }, whenStopped);
    const verdict = await records.judgeGang({ exits: end.exits, evidence: null, used });
    if (verdict.action === 'done') return end;
    if (verdict.action === 'interrupted') fail('Interrupted', `job ${jobId} was stopped from outside`);
    if (verdict.action === 'fail') fail(verdict.kind, verdict.message);
    used = verdict.used;
  }
}

async function runAttempt(node: LeasedNode, spec: JobSpec, whenStopped: () => Promise<void>): Promise<JobEnd> {
  try {
    await onNode(node.taskQueue).startRanks(spec);
    return await followJob(node, spec.jobId);
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(async () => {
        await abandonJob([node], spec.jobId);
        await whenStopped();
      });
    }
    throw error;
  }
}

/** The event that a job told its result by. */
export function resultOf<K extends RunnerEventKind>(end: JobEnd, kind: K): RunnerEventOf<K> {
  const event = end.results.find((one): one is RunnerEventOf<K> => one.kind === kind);
  return event ?? fail('RunnerCrashed', `a job ended well without telling what it ${kind}`);
}
