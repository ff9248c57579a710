import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { FailureKind, Stage } from '../src/contract/kinds.js';
import type { RunPlan } from '../src/contract/plan.js';
import type { StageRecord } from '../src/contract/report.js';
import type { RunStatus } from '../src/contract/run.js';
import { FAILURES } from '../src/domain/failures.js';
import { planQuery, statusQuery } from './messages.js';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const ATTRIBUTES = {
  stage: keyword('FormworkStage'),
  task: keyword('FormworkTask'),
  model: keyword('FormworkModel'),
  runKey: keyword('FormworkRunKey'),
};

/** What a person sees of a run: in the Web UI's list and details page, and through the queries. */
export class StatusBoard {
  readonly stages: StageRecord[] = [];
  private plan: RunPlan | null = null;
  private runKey: string;
  private waitingFor = '';
  private notes: string[] = [];
  private lastFailure: RunStatus['lastFailure'] = null;
  private children: string[] = [];

  constructor(runKey: string) {
    this.runKey = runKey;
    setHandler(statusQuery, () => this.status(), { description: 'stage, since when, waiting for what, last failure' });
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
    this.show();
  }

  waitFor(what: string, children: readonly string[] = []): void {
    this.waitingFor = what;
    this.children = [...children];
    this.show();
  }

  note(text: string): void {
    // Enough to see a pattern; all of it is in the history.
    this.notes = [...this.notes.slice(-9), `${clock(now())} ${text}`];
    this.show();
  }

  failure(kind: string, message: string): void {
    this.lastFailure = { kind, message, at: now(), remedy: FAILURES[kind as FailureKind].remedy, ranks: [] };
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
      attempts: [],
      nextRetryAt: null,
      lastFailure: this.lastFailure,
      progress: null,
      parked: null,
      children: this.children,
    };
  }

  private show(): void {
    const { stage: current, since, waitingFor } = this.status();
    const endedAt = this.stages.at(-1)?.endedAt ?? null;
    const lines = [
      `**${current}** ${endedAt === null ? `since ${clock(since)}` : `ended ${clock(endedAt)}`} UTC${waitingFor === '' ? '' : `, waiting for ${waitingFor}`}`,
      '',
      ...this.stages.map(({ stage, startedAt, endedAt: end, note }) =>
        end === null ? `- **${stage}**, since ${clock(startedAt)}` : `- **${stage}**, ${seconds(startedAt, end)}: ${oneLine(note)}`,
      ),
    ];
    if (this.lastFailure !== null)
      lines.push(
        '',
        `Last failure, ${clock(this.lastFailure.at)}: **${this.lastFailure.kind}** ${oneLine(this.lastFailure.message)}`,
      );
    if (this.notes.length > 0) lines.push('', 'Notes:', '', ...this.notes.map((note) => `- ${oneLine(note)}`));
    if (this.plan !== null)
      lines.push(
        '',
        `Model ${this.plan.model.name}, task ${this.plan.task}, ${this.plan.cluster.nodes} nodes on ${this.plan.cluster.provider}.`,
      );
    // The server takes 20 KB of details; ten long notes and a line a stage stay far below, but a log line in a failure may be any length.
    setCurrentDetails(lines.join('\n').slice(0, 19_000));
  }
}

const now = (): string => new Date().toISOString();
/** An instant to the second, short enough to stand in a line of the Web UI's narrow panel. */
const clock = (instant: string): string => instant.slice(0, 19).replace('T', ' ');
const seconds = (from: string, to: string): string => `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;
const oneLine = (text: string): string => text.replaceAll('\n', ' ');
