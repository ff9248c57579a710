import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Claim } from '../activities/run/claim-run.js';
import type { Stage } from '../src/contract/kinds.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { RunResult } from '../src/contract/run.js';
import { RECOVERY_MEMO, runKeyOf } from '../src/domain/names.js';
import { lastWords, longRecords, records } from './acts.js';
import { fail, failureOf, type KnownFailure } from './failure-kind.js';
import {
  raiseBudgetUpdate,
  retryNowUpdate,
  stopAfterCheckpointUpdate,
  stopRoundSignal,
  type Raise,
  type Retry,
} from './messages.js';
import { Parking } from './parking.js';
import { RunLease } from './run-lease.js';
import { RunStages } from './run-stages.js';
import { SpendWatch } from './spend-watch.js';
import { StatusBoard } from './status-board.js';
import { Stopped } from './stopped.js';
import { tellIfOpen } from './tell-if-open.js';
import { withNotice } from './give-notice.js';

/** The stages whose work is on nodes; they, and the lease itself, are what a run pays for. */
const ON_NODES: ReadonlySet<Stage> = new Set(['baseline', 'smoke', 'train', 'evaluate', 'test', 'publish']);

/** Set by the server on what a schedule starts, and on nothing else. */
const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);

/** One task, one model: from a request to a tuned model and its report. Any start with the same run key continues the same work. */
export function fineTuningRun(request?: unknown): Promise<RunResult> {
  const board = new StatusBoard(runKeyOf(workflowInfo().workflowId));
  return withNotice(board, () => carryOut(request, board));
}

async function carryOut(request: unknown, board: StatusBoard): Promise<RunResult> {
  const { workflowId, runId, memo, typedSearchAttributes } = workflowInfo();
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
  const running = (): Run => asked.run ?? fail('InvalidRequest', 'it is still being planned');
  setHandler(retryNowUpdate, (retry?: Retry) => running().parking.retry(retry), {
    validator: (retry?: Retry) => running().parking.check(retry),
    description: 'lets a parked run go on, as it is or with other values, e.g. {"set": {"training": {"microBatchRows": 1}}}',
  });
  setHandler(raiseBudgetUpdate, (raise: Raise) => running().spend.raise(raise), {
    validator: (raise: Raise) => running().spend.check(raise),
    description: 'changes what the run may cost, e.g. {"maxSpendUsd": 20}; one that is parked for that goes on',
  });
  const schedule = typedSearchAttributes.get(SCHEDULED_BY);
  const { runKey, plan } = await orFail(longRecords.planRun({ request: request ?? {}, workflowId, schedule }));
  board.planned(runKey, plan);
  if (plan.request.dryRun) {
    board.leave('dry run: nothing was prepared, leased or stored');
    return { runKey, outcome: 'planned', message: 'dry run', chosenEpoch: null, test: null, weightsSha256: null, reportKey: null };
  }
  if (isStopped()) return interrupted(runKey, 'plan');
  const claim = await orFail(records.claimRun({ runKey, plan, workflowId, runId, recovery: recoveryOf(memo) }));
  board.leave(claim.fence === 1 ? 'planned' : `goes on with the work of ${claim.fence - 1} earlier execution(s)`);
  asked.run = new Run(runKey, claim, board);
  if (isStopped()) return interrupted(runKey, 'plan');
  return asked.run.carryOut();
}

/** Told beside the request, which is the same as without. */
const recoveryOf = (memo: Record<string, unknown> | undefined): number | null => {
  const recovery = memo?.[RECOVERY_MEMO];
  return typeof recovery === 'number' ? recovery : null;
};

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

class Run {
  readonly parking: Parking;
  readonly spend: SpendWatch;
  private readonly plan: RunPlan;
  private readonly fence: number;
  private readonly stages: RunStages;
  private readonly leased = new RunLease((error) => {
    this.leaseFailure = error;
    this.attempt.cancel();
  });
  private leaseFailure: unknown = null;
  /** Why what is tried now is left, to be tried again: the run may not pay for more. */
  private halt: { failure: KnownFailure; raises: number } | null = null;
  private isPaying = false;
  private stopping = false;
  private overdue = false;
  private readonly work = new CancellationScope();
  /** What is tried now. A lease that fails ends it, and the run may go on with another lease. */
  private attempt = new CancellationScope();

  constructor(
    private readonly runKey: string,
    private readonly claim: Claim,
    private readonly board: StatusBoard,
  ) {
    this.plan = claim.plan;
    this.fence = claim.fence;
    this.parking = new Parking({
      ...{ runKey, claim, board, startedAt: Date.now() },
      isOverdue: () => this.overdue,
      isHalted: () => this.halt !== null && this.halt.raises === this.spend.raises,
      holdsNodes: () => this.leased.nodes.leaseId !== '',
      releaseNodes: () => this.giveBack(),
    });
    this.spend = new SpendWatch(runKey, claim, board);
    this.stages = new RunStages({
      ...{ runKey, claim, board, leased: this.leased },
      reserve: () => this.spend.reserve(),
      retries: () => this.parking.retries,
    });
  }

  async carryOut(): Promise<RunResult> {
    const clock = new CancellationScope();
    void clock.run(() => this.keepDeadline());
    void clock.run(() => this.keepCaps());
    try {
      const result = await this.work.run(() => this.walk());
      clock.cancel();
      await lastWords.endRun({ runKey: this.runKey, fence: this.fence, outcome: 'completed', message: result.message });
      return result;
    } catch (error) {
      clock.cancel();
      return await CancellationScope.nonCancellable(() => this.endEarly(error));
    } finally {
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    }
  }

  /** Machines cost money by the hour: a run that takes longer than anybody meant ends with a checkpoint, and can go on. */
  private async keepDeadline(): Promise<void> {
    const minutes = this.plan.deadlineMinutes;
    try {
      await sleep(minutes * 60_000);
      this.overdue = true;
      // A parked run sees that its time is over, and fails of what it was parked for; one that goes on in this moment is stopped.
      await condition(() => !this.parking.isParked);
      await this.stop(`the deadline of ${minutes} minutes has passed`);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  private async keepCaps(): Promise<void> {
    try {
      await this.spend.keep((failure) => this.haltFor(failure));
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  private async walk(): Promise<RunResult> {
    const { stages } = this;
    const { datasetId } = await this.stage('prepare', 'the rows of the data set', () => stages.prepare());
    await this.stage('lease', 'nodes', () => stages.lease());
    const base = await this.stage('baseline', 'the untrained model on validation', () => stages.baseline(datasetId));
    await this.stage('smoke', 'a few steps, a checkpoint and its upload', () => stages.smoke(datasetId, base.modelId));
    const trained = await this.stage('train', 'training', () => stages.train(datasetId, base.modelId));
    const chosen = await this.stage('evaluate', 'the epochs on validation', () =>
      stages.evaluate(datasetId, base.maxNewTokens, trained.snapshots),
    );
    this.board.enter('augment', '');
    this.board.leave('not part of this task');
    const test = await this.stage('test', 'before and after on the test split', () => stages.test(datasetId, base, chosen));
    await this.stage('publish', 'the model directory', () => stages.publish(datasetId, chosen));
    await this.stage('release', 'the provider to list no machine of ours', () => stages.release());
    const { note: _, ...result } = await this.stage('report', 'the report', () => stages.report(datasetId, chosen, test));
    return result;
  }

  /** One stage, unless an earlier execution has finished it. */
  private async stage<T extends { note: string }>(name: Stage, waitingFor: string, work: () => Promise<T>): Promise<T> {
    this.board.enter(name, waitingFor);
    // A lease is of this execution alone, and a report may be made anew at any time.
    const kept = name !== 'lease' && name !== 'release' && name !== 'report';
    const found = kept ? (this.claim.finished[name] as T | undefined) : undefined;
    if (found !== undefined) {
      this.board.leave(`${found.note} (found finished)`);
      return found;
    }
    if (this.stopping) throw new Stopped();
    const value = await this.untilDone(work, name === 'lease' ? 'of its own' : ON_NODES.has(name) ? 'leased' : 'none');
    // By itself, so that a store that is away does not cost the work of the stage.
    if (kept) await this.untilDone(() => records.recordStep({ runKey: this.runKey, name, value }), 'none');
    this.board.leave(value.note);
    return value;
  }

  /** Tries until it is done. Between two tries the run is parked: what could be tried again at once has been. */
  private async untilDone<T>(work: () => Promise<T>, nodes: 'none' | 'of its own' | 'leased'): Promise<T> {
    for (;;) {
      const { raises } = this.spend;
      this.attempt = new CancellationScope();
      try {
        return await this.attempt.run(async () => {
          // Somebody may have ended it while the run was parked.
          await this.leaveFailedLease();
          this.isPaying = nodes !== 'none';
          if (this.halt?.raises !== this.spend.raises) this.halt = null;
          if (this.isPaying && this.halt !== null) throw new Stopped();
          // Given back while the run was parked.
          if (nodes === 'leased' && this.leased.nodes.leaseId === '') await this.stages.lease();
          return work();
        });
      } catch (error) {
        const isLeft = error instanceof Stopped || (isCancellation(error) && this.leaseFailure === null);
        if (this.stopping || (isLeft && this.halt === null)) throw error;
        const { halt } = this;
        const failure = halt?.failure ?? failureOf(this.leaseFailure ?? error);
        await this.leaveFailedLease();
        if (halt !== null) await this.giveBack();
        this.halt = null;
        const judged = halt?.raises ?? raises;
        await this.parking.wait(failure, () => failure.kind === 'BudgetExceeded' && this.spend.raises !== judged);
      } finally {
        this.isPaying = false;
      }
    }
  }

  /** Ranks that train write a checkpoint first. What costs nothing goes on; what comes after it does not begin. */
  private async haltFor(failure: KnownFailure): Promise<void> {
    this.halt = { failure, raises: this.spend.raises };
    this.board.note(failure.message);
    // One that is parked gives its nodes back by itself.
    if (!this.isPaying || this.parking.isParked) return;
    const { round } = this.stages;
    if (round === null) this.attempt.cancel();
    else await tellIfOpen(round, (handle) => handle.signal(stopRoundSignal));
  }

  /** Nobody renews its machines and nobody replaces one: not kept for the time that a parked run keeps its own. */
  private async leaveFailedLease(): Promise<void> {
    if (this.leaseFailure === null) return;
    this.leaseFailure = null;
    await this.giveBack();
  }

  /** A run that is cancelled meanwhile still sees its machines gone before it says so. */
  private giveBack(): Promise<unknown> {
    return CancellationScope.nonCancellable(() => this.leased.release());
  }

  /** Where a round trains, its ranks write a checkpoint first; anything else can be left where it is. */
  async stop(reason: string): Promise<string> {
    this.stopping = true;
    this.board.note(reason);
    const { round } = this.stages;
    if (round === null) this.work.cancel();
    else await tellIfOpen(round, (handle) => handle.signal(stopRoundSignal));
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
      const { kind, message } = isCancellation(error) ? { kind: 'Interrupted' as const, message: 'cancelled' } : failureOf(error);
      this.board.leave(`ended by ${kind}`);
      this.board.failure(kind, message);
    }
    this.board.enter('release', 'the provider to list no machine of ours');
    this.board.leave((await this.stages.release()).note);
    await lastWords.recordStages({ runKey, fence, stages: this.board.stages });
    if (overdue) {
      const message = `not done within ${this.plan.deadlineMinutes} minutes, in stage ${stage}; start run key ${runKey} again with a larger deadlineMinutes to go on from here`;
      this.board.failure('BudgetExceeded', message);
      await lastWords.endRun({ runKey, fence, outcome: 'failed', message: `BudgetExceeded: ${message}` });
      return fail('BudgetExceeded', message);
    }
    if (stopped) return interrupted(runKey, stage);
    if (isCancellation(error)) {
      await lastWords.endRun({ runKey, fence, outcome: 'cancelled', message: `cancelled in stage ${stage}` });
      throw error;
    }
    const { kind, message } = failureOf(error);
    await lastWords.endRun({ runKey, fence, outcome: 'failed', message: `${kind} in stage ${stage}: ${message}` });
    return fail(kind, message);
  }
}
