import type { FollowProgress } from '../src/contract/job.js';
import type { GangDecision } from '../src/domain/gang-decision.js';
import type { WorkNews } from './messages.js';

/** What a person is told of a gang or job that has ended. */
export function newsOf(what: string, verdict: GangDecision, progress: FollowProgress | null): WorkNews {
  const reached = progress === null ? {} : { progress };
  if (verdict.action === 'done') return { ...reached, attempt: { what, result: 'done' }, nextRetryAt: null };
  if (verdict.action === 'interrupted') return { ...reached, attempt: { what, result: 'stopped, as asked' }, nextRetryAt: null };
  const { action, kind, message, ranks, waitSeconds } = verdict;
  const isWaiting = action === 'again' && waitSeconds > 0;
  return {
    ...reached,
    note: message,
    attempt: { what, result: action === 'again' ? `tried again: ${message}` : `given up: ${message}` },
    failure: { kind, message, ranks },
    nextRetryAt: isWaiting ? new Date(Date.now() + waitSeconds * 1000).toISOString() : null,
  };
}
