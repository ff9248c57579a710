import { condition, continueAsNew, setHandler, uuid4, workflowInfo } from '@temporalio/workflow';
import type { RoundResult } from '../activities/training/close-round.js';
import { roundScope } from '../src/domain/names.js';
import { records } from './acts.js';
import { fail } from './failure-kind.js';
import type { Following } from './follow-gang.js';
import { runGang, type GangInput } from './gang.js';
import { LeasedNodes } from './leased-nodes.js';
import { stopRoundSignal, workNewsSignal, type WorkNews } from './messages.js';
import { newsOf } from './news-of.js';
import { tellIfOpen } from './tell-if-open.js';

/** `gang` and `following` are those of the execution before this one; in the first none has been formed by this round. */
export interface TrainingRoundInput extends GangInput {
  leaseId: string;
  runWorkflowId: string;
  /** Somebody has asked the execution before this one to stop. */
  isStopping: boolean;
}

export interface TrainingRoundOutput {
  outcome: 'done' | 'interrupted';
  result: RoundResult | null;
  gang: number;
}

/**
 * Trains until it is done, one gang after the other. A gang is all nodes together: one fails, all stop, and the next one goes on
 * from the newest whole checkpoint. What they failed of is counted in the store, so this continues as new whenever its history
 * is long: between two gangs, or beside ranks that train on.
 */
export async function trainingRound(input: TrainingRoundInput): Promise<TrainingRoundOutput> {
  const { runKey, fence, round } = input;
  let { gang, following } = input;
  const leased = new LeasedNodes(input.nodes, input.leaseId);
  let stopping = input.isStopping;
  setHandler(stopRoundSignal, () => void (stopping = true), { description: 'ends the round with a checkpoint' });
  const goOn = (left: Following | null): Promise<never> =>
    continueAsNew<typeof trainingRound>({ ...input, nodes: leased.all, gang, isStopping: stopping, following: left });
  const host = {
    shouldStop: () => stopping,
    formed: (jobId: string, how: string) => {
      const what = gangName(gang, jobId);
      return tell(input, { note: `${what} ${how}`, attempt: { what, result: how }, gang });
    },
    progress: (progress: WorkNews['progress']) => tell(input, progress === undefined ? {} : { progress }),
  };
  for (;;) {
    if (following === null) {
      if (stopping) return { outcome: 'interrupted', result: null, gang };
      if (workflowInfo().continueAsNewSuggested) return goOn(null);
      gang += 1;
    }
    const end = await runGang({ ...input, nodes: leased.all, gang, following }, host);
    if ('following' in end) return goOn(end.following);
    following = null;
    const { jobId, exits, evidence, progress } = end;
    const question = { id: uuid4(), runKey, fence, scope: roundScope(round), isTraining: true, exits, evidence, stopping };
    const verdict = await records.judgeGang(question);
    await tell(input, newsOf(gangName(gang, jobId), verdict, progress));
    if (verdict.action === 'interrupted') return { outcome: 'interrupted', result: null, gang };
    if (verdict.action === 'done') return { outcome: 'done', result: await records.closeRound({ runKey, fence, round }), gang };
    if (verdict.action === 'fail') fail(verdict.kind, verdict.message, verdict.isFinal);
    await leased.replace(evidence?.lost ?? [], evidence?.message ?? '');
    if (verdict.waitSeconds > 0) await condition(() => stopping, verdict.waitSeconds * 1000);
  }
}

const gangName = (gang: number, jobId: string): string => `gang ${gang}, ${jobId}`;

const tell = (input: TrainingRoundInput, news: WorkNews): Promise<void> =>
  tellIfOpen(input.runWorkflowId, (run) => run.signal(workNewsSignal, { fence: input.fence, news }));
