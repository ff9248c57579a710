import type { StageRecord } from '../contract/report.js';
import { named } from '../domain/failures.js';
import { duration, secondsBetween } from '../report/format.js';
import { parkedLine } from './parked-line.js';
import { progressLine } from './progress-line.js';
import type { RunView } from './run-watch.js';

/** Between two lines of progress within a stage: a log of an hour stays readable. */
const PROGRESS_EVERY_MS = 15_000;

/** A run as plain lines, one a change: for logs, pipes and people without a terminal. */
export class PlainView {
  private readonly begun = new Set<string>();
  private readonly ended = new Set<string>();
  private lastFailure = '';
  private parkedAt = '';
  private progressAt = 0;
  private progressText = '';

  constructor(private readonly write: (line: string) => void) {}

  show({ status, progress }: RunView): void {
    for (const record of status.stages) this.showStage(record, status.waitingFor);
    if (status.lastFailure !== null && status.lastFailure.at !== this.lastFailure) {
      this.lastFailure = status.lastFailure.at;
      this.write(`  ${named(status.lastFailure)}`);
    }
    if (status.parked !== null && status.parked.since !== this.parkedAt) {
      this.parkedAt = status.parked.since;
      this.write(`  ${parkedLine(status.runKey, status.parked)}`);
    }
    if (progress === null || progress.total === null || progress.done === 0 || Date.now() - this.progressAt < PROGRESS_EVERY_MS)
      return;
    const text = progressLine(progress, { bar: false });
    if (text === this.progressText) return;
    this.progressAt = Date.now();
    this.progressText = text;
    this.write(`  ${text}`);
  }

  private showStage({ stage, startedAt, endedAt, note }: StageRecord, waitingFor: string): void {
    const id = `${stage} ${startedAt}`;
    if (endedAt === null) {
      if (!this.begun.has(id)) this.write(`${stage}: ${waitingFor === '' ? 'begun' : `waiting for ${waitingFor}`}`);
      this.begun.add(id);
      return;
    }
    if (this.ended.has(id)) return;
    this.ended.add(id);
    this.begun.add(id);
    this.write(`${stage}: ${note} (${duration(secondsBetween(startedAt, endedAt))})`);
  }
}
