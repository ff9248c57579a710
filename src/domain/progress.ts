import type { FollowProgress } from '../contract/job.js';
import type { RunnerEvent } from '../contract/runner-event.js';

export type Progress = FollowProgress;

export const noProgress: Progress = {
  phase: 'imports',
  done: 0,
  total: null,
  unit: 'steps',
  loss: null,
  tokensPerSecond: null,
  etaSeconds: null,
  checkpointStep: null,
  trouble: null,
};

/** Weight of the newest step in the speed that people see: about the last twenty steps. */
const SMOOTHING = 0.1;

/** Folds one event into what a person sees. Events of several ranks may come in any order: only more is taken for news. */
export function foldProgress(before: Progress, event: RunnerEvent): Progress {
  switch (event.kind) {
    case 'phase':
      return event.rank === 0 || before.phase === 'imports' ? { ...before, phase: event.phase } : before;
    case 'planned':
      return { ...before, total: event.total_steps, unit: 'steps' };
    case 'resumed':
      return { ...before, done: Math.max(before.done, event.step) };
    case 'step': {
      if (event.step <= before.done) return before;
      const speed = event.seconds > 0 ? event.num_tokens / event.seconds : 0;
      const tokensPerSecond =
        before.tokensPerSecond === null ? speed : before.tokensPerSecond * (1 - SMOOTHING) + speed * SMOOTHING;
      const left = before.total === null ? null : before.total - event.step;
      const secondsPerStep = tokensPerSecond > 0 ? event.num_tokens / tokensPerSecond : 0;
      return {
        ...before,
        phase: 'loop',
        done: event.step,
        // Of a step that was passed over there is none.
        loss: event.loss ?? before.loss,
        tokensPerSecond,
        etaSeconds: left === null ? null : left * secondsPerStep,
      };
    }
    case 'checkpoint': {
      const { skipped, step } = event;
      const trouble = skipped === null ? null : `no checkpoint of step ${step} (${skipped.in_a_row} in a row): ${skipped.why}`;
      return { ...before, trouble };
    }
    case 'generated':
      return { ...before, phase: 'loop', unit: 'items', done: event.done, total: event.total };
    default:
      return before;
  }
}
