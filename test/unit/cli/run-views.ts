import type { RunView } from '../../../src/cli/run-watch.js';
import type { FailureKind, Stage } from '../../../src/contract/kinds.js';
import type { StageRecord } from '../../../src/contract/report.js';
import { FAILURES } from '../../../src/domain/failures.js';

const START = Date.parse('2026-11-22T20:00:00.000Z');

export const at = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

export const stage = (name: Stage, begun: number, ended: number | null, note = ''): StageRecord => ({
  stage: name,
  startedAt: at(begun),
  endedAt: ended === null ? null : at(ended),
  note,
});

/** What a look at a run gives; the stage that runs is the last of `stages`. */
export function runView(stages: StageRecord[], more: Partial<RunView['status']> & { live?: RunView['progress'] } = {}): RunView {
  const { live = null, ...status } = more;
  const last = stages.at(-1);
  return {
    status: {
      runKey: 'k',
      stage: last?.stage ?? 'plan',
      since: last?.startedAt ?? at(0),
      waitingFor: '',
      stages,
      attempts: [],
      nextRetryAt: null,
      lastFailure: null,
      progress: null,
      parked: null,
      children: [],
      ...status,
    },
    progress: live,
  };
}

export const parked = (since: number): NonNullable<RunView['status']['parked']> => ({
  since: at(since),
  nodesReleasedAt: at(600),
  until: at(9000),
  againAt: null,
  update: 'retryNow',
  help: 'more memory',
  takes: [],
});

export const steps = (done: number, loss = 1): NonNullable<RunView['progress']> => ({
  phase: 'loop',
  trouble: null,
  done,
  total: 300,
  unit: 'steps',
  loss,
  tokensPerSecond: null,
  etaSeconds: null,
  checkpointStep: null,
});

export const failure = (kind: FailureKind, message: string, seconds: number): NonNullable<RunView['status']['lastFailure']> => ({
  kind,
  message,
  at: at(seconds),
  remedy: FAILURES[kind].remedy,
  ranks: [],
});
