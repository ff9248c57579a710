import { executeChild, ParentClosePolicy, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { Claim } from '../activities/run/claim-run.js';
import type { RoundResult, SnapshotRef } from '../activities/training/close-round.js';
import type { ModelScore } from '../activities/evaluation/score-evaluation.js';
import type { NodeJob } from '../activities/training/plan-node-job.js';
import type { Split } from '../src/contract/kinds.js';
import type { LeasedNode } from '../src/contract/cluster.js';
import type { RunResult } from '../src/contract/run.js';
import type { Comparison } from '../src/contract/score.js';
import { evaluationWorkflowId, roundWorkflowId, TRAINING_ROUND } from '../src/domain/names.js';
import { longRecords, onNodeLong, records } from './acts.js';
import type { evaluation } from './evaluation.js';
import type { JobEnd } from './follow-job.js';
import { workNewsSignal, type WorkNews } from './messages.js';
import { resultOf, runJob } from './run-job.js';
import type { RunLease } from './run-lease.js';
import type { StatusBoard } from './status-board.js';
import { Stopped } from './stopped.js';
import type { trainingRound } from './training-round.js';

/** Two steps show that a step can follow a step; a checkpoint and a snapshot are written after them. */
const SMOKE_STEPS = 2;

export interface RunOfStages {
  runKey: string;
  claim: Claim;
  board: StatusBoard;
  leased: RunLease;
  /** @throws BudgetExceeded before nodes are launched that the run may not pay for. */
  reserve: () => Promise<void>;
  /** How often the run was parked and has gone on. */
  retries: () => number;
}

export interface Baseline {
  modelId: string;
  maxNewTokens: number;
  note: string;
}

/** What each stage of a run does. Every one may be done again: what it has finished is found in the store. */
export class RunStages {
  /** Workflow id of the round that can be told to stop; null: none. */
  round: string | null = null;
  private gang = 0;

  constructor(private readonly run: RunOfStages) {
    setHandler(workNewsSignal, ({ fence, news }) => {
      if (fence !== run.claim.fence) return;
      this.gang = Math.max(this.gang, news.gang ?? 0);
      run.board.take(news);
    });
  }

  prepare(): Promise<{ datasetId: string; note: string }> {
    return longRecords.prepareDataset({ plan: this.run.claim.plan });
  }

  async lease(): Promise<{ note: string }> {
    const { runKey, claim, board, leased, reserve } = this.run;
    if ('publish' in claim.finished) return { note: 'not needed, all work on nodes is done' };
    await reserve();
    await leased.acquire(runKey, claim.fence, claim.plan.cluster, (id) => board.waitFor('nodes to answer', [id]));
    const { all: nodes } = leased.nodes;
    await records.recordStep({ runKey, name: 'nodes', value: nodes.map(({ facts }) => facts) });
    return { note: `${nodes.length} nodes: ${nodes.map(({ nodeId }) => nodeId).join(', ')}` };
  }

  /** The model as it comes, its tokens counted, and what it answers before any training. */
  async baseline(datasetId: string): Promise<Baseline> {
    const { runKey, claim } = this.run;
    const modelId = await this.baseModel(datasetId);
    const counted = await this.nodeJob('tokens', datasetId, { kind: 'tokens', modelId });
    const tokens = resultOf(counted.end, 'tokenised');
    await records.recordStep({ runKey, name: 'tokens', value: tokens });
    const longest = Math.max(...tokens.splits.map((split) => split.longest_completion));
    const { maxNewTokens } = await records.answerLength({
      longestCompletion: longest,
      requested: claim.plan.evaluation.maxNewTokens,
    });
    const [score] = await this.evaluateModels('baseline', datasetId, 'validation', maxNewTokens, [
      { name: 'before', key: `models/${modelId}` },
    ]);
    return { modelId, maxNewTokens, note: `${percent(score)} of validation right before training` };
  }

  /** Costs seconds; finds what would otherwise be found after hours: too little memory, a store that refuses, a broken save. */
  async smoke(datasetId: string, modelId: string): Promise<{ note: string }> {
    await this.trainingRound('smoke', datasetId, modelId, SMOKE_STEPS);
    await records.discardRound({ runKey: this.run.runKey, round: 'smoke' });
    return { note: `${SMOKE_STEPS} steps, saved and uploaded` };
  }

  async train(datasetId: string, modelId: string): Promise<{ snapshots: SnapshotRef[]; note: string }> {
    const { snapshots, steps } = await this.trainingRound(TRAINING_ROUND, datasetId, modelId, null);
    return { snapshots, note: `${steps} steps, ${snapshots.length} epochs` };
  }

  async evaluate(
    datasetId: string,
    maxNewTokens: number,
    snapshots: readonly SnapshotRef[],
  ): Promise<SnapshotRef & { note: string }> {
    const candidates = snapshots.slice(-this.run.claim.plan.evaluation.lastEpochs);
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
  async test(datasetId: string, base: Baseline, chosen: SnapshotRef): Promise<{ comparison: Comparison; note: string }> {
    await this.evaluateModels('test', datasetId, 'test', base.maxNewTokens, [
      { name: 'before', key: `models/${base.modelId}` },
      { name: 'after', key: chosen.key },
    ]);
    const { comparison } = await longRecords.compareOnTest({ runKey: this.run.runKey, datasetId });
    return { comparison, note: `${percentOf(comparison.before.value)} before, ${percentOf(comparison.after.value)} after` };
  }

  async publish(datasetId: string, chosen: SnapshotRef): Promise<{ note: string }> {
    const { runKey, claim } = this.run;
    const { card, to } = await records.writeModelCard({ runKey, fence: claim.fence, datasetId, snapshot: chosen });
    const made = await this.nodeJob('export', datasetId, { kind: 'export', snapshot: chosen.key, card });
    await onNodeLong(made.node.taskQueue).storeModel({ from: made.output, to });
    return { note: `weights of epoch ${chosen.epoch} in ${to}` };
  }

  release(): Promise<{ note: string }> {
    return this.run.leased.release();
  }

  async report(datasetId: string, chosen: SnapshotRef, test: { comparison: Comparison }): Promise<RunResult & { note: string }> {
    const { runKey, claim, board } = this.run;
    const { fence } = claim;
    const { stages } = board;
    const { reportKey, message } = await longRecords.buildReport({ runKey, fence, datasetId, chosen, stages });
    return {
      runKey,
      outcome: 'completed',
      message,
      chosenEpoch: chosen.epoch,
      test: test.comparison,
      weightsSha256: chosen.weightsSha256,
      reportKey,
      note: message,
    };
  }

  private async baseModel(datasetId: string): Promise<string> {
    const { source } = this.run.claim.plan.model;
    if (source.kind === 'directory') return (await longRecords.importModel({ path: source.path })).modelId;
    const made = await this.nodeJob('init', datasetId, { kind: 'init' });
    return (await onNodeLong(made.node.taskQueue).storeModel({ from: made.output, to: null })).modelId;
  }

  private async trainingRound(round: string, datasetId: string, modelId: string, maxSteps: number | null): Promise<RoundResult> {
    const { runKey, claim, board, leased } = this.run;
    const { fence } = claim;
    const workflowId = roundWorkflowId(runKey, fence, round);
    board.waitFor(maxSteps === null ? 'training' : 'the smoke test', [workflowId]);
    const { leaseId, all: nodes } = leased.nodes;
    const runWorkflowId = workflowInfo().workflowId;
    const place = { runKey, fence, round, leaseId, runWorkflowId, nodes, gang: this.gang };
    const child = await startChild<typeof trainingRound>('trainingRound', {
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `round ${round} of ${runKey}`,
      args: [{ ...place, datasetId, modelId, maxSteps, isStopping: false, following: null }],
    });
    // Only from here on can it be told to stop; before, a stop cancels its start.
    this.round = workflowId;
    try {
      const output = await child.result();
      this.gang = Math.max(this.gang, output.gang);
      if (output.result === null) throw new Stopped();
      return output.result;
    } finally {
      this.round = null;
    }
  }

  private async evaluateModels(
    id: string,
    datasetId: string,
    split: Split,
    maxNewTokens: number,
    models: { name: string; key: string }[],
  ): Promise<ModelScore[]> {
    const { runKey, claim, board, leased, retries } = this.run;
    const workflowId = evaluationWorkflowId(runKey, claim.fence, id);
    const items = split === 'validation' ? claim.plan.evaluation.validationItems : null;
    const what = `${models.map(({ name }) => name).join(', ')} on ${split}`;
    this.gang += 1;
    board.waitFor(what, [workflowId]);
    const { leaseId, all: nodes } = leased.nodes;
    const runWorkflowId = workflowInfo().workflowId;
    const place = { runKey, fence: claim.fence, gang: this.gang, leaseId, runWorkflowId, retries: retries(), nodes };
    const scores = await executeChild<typeof evaluation>('evaluation', {
      workflowId,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: what,
      args: [{ ...place, id, datasetId, split, items, models, maxNewTokens }],
    });
    board.take({ attempt: { what: `evaluation ${id}`, result: 'done' } });
    return scores;
  }

  /** A job of the first node. */
  private async nodeJob(
    jobId: string,
    datasetId: string,
    job: NodeJob,
  ): Promise<{ node: LeasedNode; end: JobEnd; output: string }> {
    const { runKey, claim, board, leased, retries } = this.run;
    const { nodes } = leased;
    this.gang += 1;
    const { spec, inputs, output } = await records.planNodeJob({
      runKey,
      fence: claim.fence,
      gang: this.gang,
      datasetId,
      jobId,
      job,
    });
    board.waitFor(`gpu_runner ${job.kind} on ${nodes.at(0).nodeId}`);
    const tell = (news: WorkNews): Promise<void> => {
      board.take(news);
      return Promise.resolve();
    };
    const end = await runJob(nodes, { node: 0, spec, inputs, retries: retries(), tell });
    board.take({ attempt: { what: `job ${jobId}`, result: 'done' } });
    return { node: nodes.at(0), end, output };
  }
}

const percentOf = (share: number): string => `${(100 * share).toFixed(1)} %`;
const percent = (score: ModelScore | undefined): string => (score === undefined ? 'nothing' : percentOf(score.accuracy.value));
