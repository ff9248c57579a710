import {
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import type { RoundResult, SnapshotRef } from '../activities/training/close-round.js';
import type { ModelScore } from '../activities/evaluation/score-evaluation.js';
import type { NodeJob } from '../activities/training/plan-node-job.js';
import type { Split, Stage } from '../src/contract/kinds.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { RunResult } from '../src/contract/run.js';
import type { Comparison } from '../src/contract/score.js';
import { evaluationWorkflowId, roundWorkflowId, runKeyOf } from '../src/domain/names.js';
import { longRecords, onNodeLong, records } from './acts.js';
import type { evaluation } from './evaluation.js';
import { fail, failureOf } from './failure-kind.js';
import { roundProgressSignal, stopAfterCheckpointUpdate, stopRoundSignal } from './messages.js';
import type { JobEnd } from './follow-job.js';
import { resultOf, runJob } from './run-job.js';
import { RunLease } from './run-lease.js';
import { StatusBoard } from './status-board.js';
import { tellIfOpen } from './tell-if-open.js';
import { withNotice } from './give-notice.js';
import type { trainingRound } from './training-round.js';

/** Two steps show that a step can follow a step; a checkpoint and a snapshot are written after them. */
const SMOKE_STEPS = 2;

/** One task, one model: from a request to a tuned model and its report. Any start with the same run key continues the same work. */
export function fineTuningRun(request?: unknown): Promise<RunResult> {
  const board = new StatusBoard(runKeyOf(workflowInfo().workflowId));
  return withNotice(board, () => carryOut(request, board));
}

async function carryOut(request: unknown, board: StatusBoard): Promise<RunResult> {
  const { workflowId, runId } = workflowInfo();
  board.enter('plan', 'the plan');
  // Before anything else: a run that is still being planned can be stopped too.
  const asked = { toStop: false, run: null as Run | null };
  const isStopped = (): boolean => asked.toStop;
  setHandler(
    stopAfterCheckpointUpdate,
    () => {
      asked.toStop = true;
      return asked.run?.stop('asked to stop after a checkpoint') ?? Promise.resolve('stopping in stage plan');
    },
    { description: 'ends this execution with a checkpoint and gives the nodes back; the next start under the run key goes on' },
  );
  const { runKey, plan } = await orFail(longRecords.planRun({ request: request ?? {}, workflowId }));
  board.planned(runKey, plan);
  if (plan.request.dryRun) {
    board.leave('dry run: nothing was prepared, leased or stored');
    return { runKey, outcome: 'planned', message: 'dry run', chosenEpoch: null, test: null, weightsSha256: null, reportKey: null };
  }
  if (isStopped()) return interrupted(runKey, 'plan');
  const claim = await orFail(records.claimRun({ runKey, plan, workflowId, runId }));
  board.leave(claim.fence === 1 ? 'planned' : `goes on with the work of ${claim.fence - 1} earlier execution(s)`);
  asked.run = new Run(runKey, claim, board);
  if (isStopped()) return interrupted(runKey, 'plan');
  return asked.run.carryOut();
}

const interrupted = (runKey: string, stage: Stage): RunResult => ({
  runKey,
  outcome: 'interrupted',
  message: `stopped in stage ${stage}; the next start under run key ${runKey} goes on`,
  chosenEpoch: null,
  test: null,
  weightsSha256: null,
  reportKey: null,
});

/** A refusal is shown first by its own words, not as the failure of an activity. */
async function orFail<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (isCancellation(error)) throw error;
    const { kind, message } = failureOf(error);
    return fail(kind, message);
  });
}

/** Thrown inside the run alone, to leave the stages when somebody asked for a stop. */
class Stopped extends Error {}

class Run {
  private readonly plan: RunPlan;
  private readonly fence: number;
  private readonly leased = new RunLease((error) => {
    this.leaseFailure = error;
    this.work.cancel();
  });
  private leaseFailure: unknown = null;
  private gang = 0;
  private stopping = false;
  private overdue = false;
  private round: string | null = null;
  private readonly work = new CancellationScope();

  constructor(
    private readonly runKey: string,
    private readonly claim: Claim,
    private readonly board: StatusBoard,
  ) {
    this.plan = claim.plan;
    this.fence = claim.fence;
    setHandler(roundProgressSignal, ({ note, failure }) => {
      this.board.note(note);
      if (failure !== null) this.board.failure(failure.kind, failure.message);
    });
  }

  async carryOut(): Promise<RunResult> {
    const clock = new CancellationScope();
    void clock.run(() => this.keepDeadline());
    try {
      const result = await this.work.run(() => this.stages());
      clock.cancel();
      await records.endRun({ runKey: this.runKey, fence: this.fence, outcome: 'completed', message: result.message });
      return result;
    } catch (error) {
      clock.cancel();
      return await CancellationScope.nonCancellable(() => this.endEarly(this.leaseFailure ?? error));
    }
  }

  /** Machines cost money by the hour: a run that takes longer than anybody meant ends with a checkpoint, and can go on. */
  private async keepDeadline(): Promise<void> {
    const minutes = this.plan.deadlineMinutes;
    try {
      await sleep(minutes * 60_000);
      this.overdue = true;
      await this.stop(`the deadline of ${minutes} minutes has passed`);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  private async stages(): Promise<RunResult> {
    const { datasetId } = await this.stage('prepare', 'the rows of the data set', () => this.prepare());
    await this.stage('lease', 'nodes', () => this.lease());
    const base = await this.stage('baseline', 'the untrained model on validation', () => this.baseline(datasetId));
    await this.stage('smoke', `${SMOKE_STEPS} steps, a checkpoint and its upload`, () => this.smoke(datasetId, base.modelId));
    const trained = await this.stage('train', 'training', () => this.train(datasetId, base.modelId));
    const chosen = await this.stage('evaluate', 'the epochs on validation', () =>
      this.evaluate(datasetId, base.maxNewTokens, trained.snapshots),
    );
    this.board.enter('augment', '');
    this.board.leave('not part of this task');
    const test = await this.stage('test', 'before and after on the test split', () => this.test(datasetId, base, chosen));
    await this.stage('publish', 'the model directory', () => this.publish(datasetId, chosen));
    await this.stage('release', 'the provider to list no machine of ours', () => this.release());
    return this.report(datasetId, chosen, test);
  }

  /** One stage, unless an earlier execution has finished it. */
  private async stage<T extends { note: string }>(name: Stage, waitingFor: string, work: () => Promise<T>): Promise<T> {
    this.board.enter(name, waitingFor);
    // A lease is of this execution alone.
    const kept = name !== 'lease' && name !== 'release';
    const found = kept ? (this.claim.finished[name] as T | undefined) : undefined;
    if (found !== undefined) {
      this.board.leave(`${found.note} (found finished)`);
      return found;
    }
    if (this.stopping) throw new Stopped();
    const value = await work();
    if (kept) await records.recordStep({ runKey: this.runKey, name, value });
    this.board.leave(value.note);
    return value;
  }

  private async prepare(): Promise<{ datasetId: string; note: string }> {
    return longRecords.prepareDataset({ plan: this.plan });
  }

  private async lease(): Promise<{ note: string }> {
    if ('publish' in this.claim.finished) return { note: 'not needed, all work on nodes is done' };
    await this.leased.acquire(this.runKey, this.fence, this.plan.cluster, (id) => this.board.waitFor('nodes to answer', [id]));
    const { all: nodes } = this.leased.nodes;
    await records.recordStep({ runKey: this.runKey, name: 'nodes', value: nodes.map(({ facts }) => facts) });
    return { note: `${nodes.length} nodes: ${nodes.map(({ nodeId }) => nodeId).join(', ')}` };
  }

  /** The model as it comes, its tokens counted, and what it answers before any training. */
  private async baseline(datasetId: string): Promise<{ modelId: string; maxNewTokens: number; note: string }> {
    const modelId = await this.baseModel(datasetId);
    const counted = await this.nodeJob('tokens', datasetId, { kind: 'tokens', modelId });
    const tokens = resultOf(counted.end, 'tokenised');
    await records.recordStep({ runKey: this.runKey, name: 'tokens', value: tokens });
    const longest = Math.max(...tokens.splits.map((split) => split.longest_completion));
    const { maxNewTokens } = await records.answerLength({
      longestCompletion: longest,
      requested: this.plan.evaluation.maxNewTokens,
    });
    const [score] = await this.evaluateModels('baseline', datasetId, 'validation', maxNewTokens, [
      { name: 'before', key: `models/${modelId}` },
    ]);
    return { modelId, maxNewTokens, note: `${percent(score)} of validation right before training` };
  }

  private async baseModel(datasetId: string): Promise<string> {
    const { source } = this.plan.model;
    if (source.kind === 'directory') return (await longRecords.importModel({ path: source.path })).modelId;
    const made = await this.nodeJob('init', datasetId, { kind: 'init' });
    return (await onNodeLong(made.node.taskQueue).storeModel({ from: made.output, to: null })).modelId;
  }

  /** Costs seconds; finds what would otherwise be found after hours: too little memory, a store that refuses, a broken save. */
  private async smoke(datasetId: string, modelId: string): Promise<{ note: string }> {
    await this.trainingRound('smoke', datasetId, modelId, SMOKE_STEPS);
    await records.discardRound({ runKey: this.runKey, round: 'smoke' });
    return { note: `${SMOKE_STEPS} steps, saved and uploaded` };
  }

  private async train(datasetId: string, modelId: string): Promise<{ snapshots: SnapshotRef[]; note: string }> {
    const { snapshots, steps } = await this.trainingRound('0', datasetId, modelId, null);
    return { snapshots, note: `${steps} steps, ${snapshots.length} epochs` };
  }

  private async evaluate(
    datasetId: string,
    maxNewTokens: number,
    snapshots: readonly SnapshotRef[],
  ): Promise<SnapshotRef & { note: string }> {
    const candidates = snapshots.slice(-this.plan.evaluation.lastEpochs);
    const models = candidates.map(({ epoch, key }) => ({ name: `epoch-${epoch}`, key }));
    const scores = await this.evaluateModels('epochs', datasetId, 'validation', maxNewTokens, models);
    const { epoch } = await records.chooseEpoch({ candidates: candidates.map(({ epoch: n }) => n), scores });
    const chosen = candidates.find((candidate) => candidate.epoch === epoch) as SnapshotRef;
    return {
      ...chosen,
      note: `epoch ${epoch}, ${percent(scores.find(({ model }) => model === `epoch-${epoch}`))} of validation right`,
    };
  }

  /** The only place where the test split is read. */
  private async test(
    datasetId: string,
    base: { modelId: string; maxNewTokens: number },
    chosen: SnapshotRef,
  ): Promise<{ comparison: Comparison; note: string }> {
    await this.evaluateModels('test', datasetId, 'test', base.maxNewTokens, [
      { name: 'before', key: `models/${base.modelId}` },
      { name: 'after', key: chosen.key },
    ]);
    const { comparison } = await longRecords.compareOnTest({ runKey: this.runKey, datasetId });
    return { comparison, note: `${percentOf(comparison.before.value)} before, ${percentOf(comparison.after.value)} after` };
  }

  private async publish(datasetId: string, chosen: SnapshotRef): Promise<{ note: string }> {
    const { card, to } = await records.writeModelCard({ runKey: this.runKey, fence: this.fence, datasetId, snapshot: chosen });
    const made = await this.nodeJob('export', datasetId, { kind: 'export', snapshot: chosen.key, card });
    await onNodeLong(made.node.taskQueue).storeModel({ from: made.output, to });
    return { note: `weights of epoch ${chosen.epoch} in ${to}` };
  }

  private release(): Promise<{ note: string }> {
    return this.leased.release();
  }

  private async report(datasetId: string, chosen: SnapshotRef, test: { comparison: Comparison }): Promise<RunResult> {
    this.board.enter('report', 'the report');
    const { reportKey, message } = await longRecords.buildReport({
      runKey: this.runKey,
      fence: this.fence,
      datasetId,
      chosen,
      stages: this.board.stages,
    });
    this.board.leave(message);
    return {
      runKey: this.runKey,
      outcome: 'completed',
      message,
      chosenEpoch: chosen.epoch,
      test: test.comparison,
      weightsSha256: chosen.weightsSha256,
      reportKey,
    };
  }

  private async trainingRound(round: string, datasetId: string, modelId: string, maxSteps: number | null): Promise<RoundResult> {
    const workflowId = roundWorkflowId(this.runKey, this.fence, round);
    this.board.waitFor(maxSteps === null ? 'training' : 'the smoke test', [workflowId]);
    const { runKey, fence, gang } = this;
    const { leaseId, all: nodes } = this.leased.nodes;
    const runWorkflowId = workflowInfo().workflowId;
    const input = { runKey, fence, round, datasetId, modelId, maxSteps, leaseId, runWorkflowId, nodes, gang };
    const child = await startChild<typeof trainingRound>('trainingRound', {
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `round ${round} of ${runKey}`,
      args: [input],
    });
    // Only from here on can it be told to stop; before, a stop cancels its start.
    this.round = workflowId;
    const output = await child.result();
    this.round = null;
    this.gang = output.gang;
    if (output.result === null) throw new Stopped();
    return output.result;
  }

  private async evaluateModels(
    id: string,
    datasetId: string,
    split: Split,
    maxNewTokens: number,
    models: { name: string; key: string }[],
  ): Promise<ModelScore[]> {
    const workflowId = evaluationWorkflowId(this.runKey, this.fence, id);
    const items = split === 'validation' ? this.plan.evaluation.validationItems : null;
    this.gang += 1;
    this.board.waitFor(`${models.map(({ name }) => name).join(', ')} on ${split}`, [workflowId]);
    const { runKey, fence, gang } = this;
    const { leaseId, all: nodes } = this.leased.nodes;
    return executeChild<typeof evaluation>('evaluation', {
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${models.map(({ name }) => name).join(', ')} on ${split}`,
      args: [{ runKey, fence, gang, id, datasetId, split, items, models, maxNewTokens, leaseId, nodes }],
    });
  }

  /** A job of the first node. */
  private async nodeJob(
    jobId: string,
    datasetId: string,
    job: NodeJob,
  ): Promise<{ node: LeasedNode; end: JobEnd; output: string }> {
    const { nodes } = this.leased;
    this.gang += 1;
    const planned = await records.planNodeJob({ runKey: this.runKey, fence: this.fence, gang: this.gang, datasetId, jobId, job });
    this.board.waitFor(`gpu_runner ${job.kind} on ${nodes.at(0).nodeId}`);
    const end = await runJob(nodes, 0, planned.spec, planned.inputs);
    return { node: nodes.at(0), end, output: planned.output };
  }

  /** Where a round trains, its ranks write a checkpoint first; anything else can be left where it is. */
  async stop(reason: string): Promise<string> {
    this.stopping = true;
    this.board.note(reason);
    if (this.round === null) this.work.cancel();
    else await tellIfOpen(this.round, (round) => round.signal(stopRoundSignal));
    return `stopping in stage ${this.board.status().stage}`;
  }

  /** The way out that is not the end: machines first, then the word on how it ended. */
  private async endEarly(error: unknown): Promise<RunResult> {
    const { runKey, fence } = this;
    // Decided now: a stop that is asked for while a failed run gives its nodes back does not make it less of a failure.
    const stopped = error instanceof Stopped || (this.stopping && isCancellation(error));
    const overdue = stopped && this.overdue;
    const stage = this.board.status().stage;
    if (stopped) this.board.leave('stopped');
    else {
      const { kind, message } = isCancellation(error) ? { kind: 'Interrupted', message: 'cancelled' } : failureOf(error);
      this.board.leave(`ended by ${kind}`);
      this.board.failure(kind, message);
    }
    this.board.enter('release', 'the provider to list no machine of ours');
    this.board.leave((await this.release()).note);
    await records.recordStages({ runKey, fence, stages: this.board.stages });
    if (overdue) {
      const message = `not done within ${this.plan.deadlineMinutes} minutes, in stage ${stage}; start run key ${runKey} again with a larger deadlineMinutes to go on from here`;
      this.board.failure('BudgetExceeded', message);
      await records.endRun({ runKey, fence, outcome: 'failed', message: `BudgetExceeded: ${message}` });
      return fail('BudgetExceeded', message);
    }
    if (stopped) return interrupted(runKey, stage);
    if (isCancellation(error)) {
      await records.endRun({ runKey, fence, outcome: 'cancelled', message: `cancelled in stage ${stage}` });
      throw error;
    }
    const { kind, message } = failureOf(error);
    await records.endRun({ runKey, fence, outcome: 'failed', message: `${kind} in stage ${stage}: ${message}` });
    return fail(kind, message);
  }
}

const percentOf = (share: number): string => `${(100 * share).toFixed(1)} %`;
const percent = (score: ModelScore | undefined): string => (score === undefined ? 'nothing' : percentOf(score.accuracy.value));
