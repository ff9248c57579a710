import { CancellationScope, isCancellation, sleep, uuid4 } from '@temporalio/workflow';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { JobSpec } from '../src/contract/job.js';
import type { RunnerEventKind, RunnerEventOf } from '../src/contract/runner-event.js';
import type { StagedInput } from '../activities/training/stage-inputs.js';
import { onNode, onNodeLong, records } from './acts.js';
import { fail, failureOf } from './failure-kind.js';
import type { LeasedNodes } from './leased-nodes.js';
import type { WorkNews } from './messages.js';
import { newsOf } from './news-of.js';
import { NodeWatch, type Evidence } from './node-watch.js';
import { abandonJob } from './stop-job.js';
import { followJob, type JobEnd } from './follow-job.js';

export interface JobToRun {
  /** Number of the node. */
  node: number;
  spec: JobSpec;
  inputs: readonly StagedInput[];
  /** How often a person has let the run go on: what is done again has names of its own, also on the same machine. */
  retries: number;
  /** Must not fail. */
  tell: (news: WorkNews) => Promise<void>;
  /** When this is cancelled the ranks are stopped, and this, which must not fail, may still save what they have made. */
  whenStopped?: () => Promise<void>;
}

/**
 * Runs a job of one node to its good end, again after a failure that may pass, on another machine when its own is lost; each
 * attempt has a job id of its own.
 */
export async function runJob(nodes: LeasedNodes, job: JobToRun): Promise<JobEnd> {
  const { spec, tell } = job;
  const { runKey, owner: fence } = spec.fence;
  for (let attempt = 1; ; attempt += 1) {
    // Its logs lie apart too: those of another attempt are not gone on with.
    const suffix = `${job.retries === 0 ? '' : `-r${job.retries}`}${attempt === 1 ? '' : `-a${attempt}`}`;
    const again = { ...spec, jobId: `${spec.jobId}${suffix}`, storePrefix: `${spec.storePrefix}${suffix}` };
    const end = await runAttempt(nodes.at(job.node), again, job);
    const evidence = 'exits' in end ? null : end;
    const exits = 'exits' in end ? end.exits : [];
    const question = { id: uuid4(), runKey, fence, scope: spec.jobId, isTraining: false, exits, evidence, stopping: false };
    const verdict = await records.judgeGang(question);
    // The good end is told by whoever asked for the job; of failures each counts.
    if (verdict.action === 'done' && 'exits' in end) return end;
    await tell(newsOf(`job ${again.jobId}`, verdict, null));
    if (verdict.action === 'fail') fail(verdict.kind, verdict.message, verdict.isFinal);
    if (verdict.action !== 'again') fail('Defect', `job ${again.jobId} was judged "${verdict.action}", which it cannot be`);
    await nodes.replace(evidence?.lost ?? [], evidence?.message ?? '');
    if (verdict.waitSeconds > 0) await sleep(verdict.waitSeconds * 1000);
  }
}

/** How the job ended, or why it could not be started or followed. */
async function runAttempt(node: LeasedNode, spec: JobSpec, { inputs, whenStopped }: JobToRun): Promise<JobEnd | Evidence> {
  const watch = new NodeWatch([node]);
  const following = new CancellationScope();
  let mayRun = false as boolean;
  try {
    await watch.orLost(onNodeLong(node.taskQueue).stageInputs([...inputs]));
    mayRun = true;
    await watch.orLost(onNode(node.taskQueue).startRanks(spec));
    return await watch.orLost(following.run(() => followJob(node, spec.jobId)));
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(async () => {
        await abandonJob([node], spec.jobId);
        await whenStopped?.();
      });
      throw error;
    }
    if (watch.lost.length > 0) return watch.evidence();
    // Nobody has seen its ranks end: they would run beside the next attempt, and what they wrote would go with the node.
    if (mayRun) await abandonJob([node], spec.jobId);
    return { ...failureOf(error), lost: [] };
  } finally {
    watch.end();
    following.cancel();
  }
}

/** The event that a job told its result by. */
export function resultOf<K extends RunnerEventKind>(end: JobEnd, kind: K): RunnerEventOf<K> {
  const event = end.results.find((one): one is RunnerEventOf<K> => one.kind === kind);
  return event ?? fail('RunnerCrashed', `a job ended well without telling what it ${kind}`);
}
