import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { FollowProgress } from '../src/contract/job.js';
import type { FailureKind, Stage } from '../src/contract/kinds.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { StageRecord } from '../src/contract/report.js';
import type { RunStatus } from '../src/contract/run.js';
import { FAILURES } from '../src/domain/failures.js';
import type { RankTail } from '../src/domain/rank-tails.js';
import { planQuery, statusQuery, type WorkNews } from './messages.js';
import { clock, statusPage } from './status-page.js';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const ATTRIBUTES = {
  stage: keyword('FormworkStage'),
  task: keyword('FormworkTask'),
  model: keyword('FormworkModel'),
  runKey: keyword('FormworkRunKey'),
};

/** Enough to see a pattern; all of it is in the history. */
const KEPT_NOTES = 10;
const KEPT_ATTEMPTS = 20;
/** A message may quote a log line, which may be any length. */
const MESSAGE_CHARACTERS = 1000;

/** What a person sees of a run: in the Web UI's list and details page, and through the queries. */
export class StatusBoard {
  readonly stages: StageRecord[] = [];
  private plan: RunPlan | null = null;
  private runKey: string;
  private waitingFor = '';
  private notes: string[] = [];
  private attempts: RunStatus['attempts'] = [];
  private nextRetryAt: string | null = null;
  private lastFailure: RunStatus['lastFailure'] = null;
  private progress: RunStatus['progress'] = null;
  private parkedSince: RunStatus['parked'] = null;
  private children: string[] = [];

  constructor(runKey: string) {
    this.runKey = runKey;
    setHandler(statusQuery, () => this.status(), {
      description: 'stage, since when, waiting for what, what was tried, next try, last failure with log lines, progress, parked',
    });
    setHandler(planQuery, () => this.plan, { description: 'the resolved plan, every choice made' });
  }

  planned(runKey: string, plan: RunPlan): void {
    this.runKey = runKey;
    this.plan = plan;
    upsertSearchAttributes([
      { key: ATTRIBUTES.task, value: plan.task },
      { key: ATTRIBUTES.model, value: plan.model.name },
    ]);
    this.show();
  }

  enter(stage: Stage, waitingFor: string): void {
    this.stages.push({ stage, startedAt: now(), endedAt: null, note: '' });
    this.waitingFor = waitingFor;
    this.children = [];
    this.progress = null;
    // The key with it: a run made from another one's form starts with that one's attributes.
    upsertSearchAttributes([
      { key: ATTRIBUTES.stage, value: stage },
      { key: ATTRIBUTES.runKey, value: this.runKey },
    ]);
    this.show();
  }

  leave(note: string): void {
    const current = this.stages.at(-1);
    if (current === undefined || current.endedAt !== null) return;
    this.stages[this.stages.length - 1] = { ...current, endedAt: now(), note };
    this.waitingFor = '';
    this.children = [];
    this.show();
  }

  waitFor(what: string, children: readonly string[] = []): void {
    this.waitingFor = what;
    this.children = [...children];
    this.show();
  }

  note(text: string): void {
    this.notes = [...this.notes.slice(1 - KEPT_NOTES), `${clock(now())} ${cut(text)}`];
    this.show();
  }

  failure(kind: FailureKind, message: string, ranks: RankTail[] = []): void {
    // Told once with the ranks' last words by the round, and again by the run that ends of it.
    const told = this.lastFailure?.message === cut(message) ? this.lastFailure.ranks : [];
    const { remedy } = FAILURES[kind];
    this.lastFailure = { kind, message: cut(message), at: now(), remedy, ranks: ranks.length > 0 ? ranks : told };
    this.show();
  }

  /** News of a round, an evaluation or a job. */
  take({ note, attempt, failure, progress, nextRetryAt }: WorkNews): void {
    const at = now();
    if (attempt !== undefined)
      this.attempts = [...this.attempts.slice(1 - KEPT_ATTEMPTS), { at, what: attempt.what, result: cut(attempt.result) }];
    if (progress !== undefined) this.progress = progressOf(progress, at) ?? this.progress;
    if (nextRetryAt !== undefined) this.nextRetryAt = nextRetryAt;
    // Whoever has a new note has begun again.
    else if (note !== undefined) this.nextRetryAt = null;
    if (note !== undefined) this.note(note);
    if (failure !== undefined) this.failure(failure.kind, failure.message, failure.ranks);
    this.show();
  }

  /** null: it goes on. */
  park(parked: RunStatus['parked']): void {
    this.parkedSince = parked;
    this.nextRetryAt = null;
    this.show();
  }

  status(): RunStatus {
    const current = this.stages.at(-1);
    return {
      runKey: this.runKey,
      stage: current?.stage ?? 'plan',
      since: current?.startedAt ?? now(),
      waitingFor: this.waitingFor,
      stages: this.stages,
      attempts: this.attempts,
      nextRetryAt: this.nextRetryAt,
      lastFailure: this.lastFailure,
      progress: this.progress,
      parked: this.parkedSince,
      children: this.children,
    };
  }

  private show(): void {
    setCurrentDetails(statusPage(this.status(), this.plan, this.notes));
  }
}

/** null: it does not know yet how far it has to go, or it counts something else. */
function progressOf(progress: FollowProgress, at: string): RunStatus['progress'] {
  const { done, total, unit, loss, checkpointStep, etaSeconds } = progress;
  return unit !== 'steps' || total === null ? null : { step: done, totalSteps: total, loss, checkpointStep, etaSeconds, at };
}

const now = (): string => new Date().toISOString();
const cut = (text: string): string => (text.length > MESSAGE_CHARACTERS ? `${text.slice(0, MESSAGE_CHARACTERS)} [cut]` : text);
