import type { RankLimits } from '../contract/plan.js';
import type { RunnerEvent } from '../contract/runner-event.js';

/** What one rank was last seen doing. */
export interface RankActivity {
  phase: string;
  atMs: number;
}

/** Folds an event into what is known of a rank. Every event is a sign of progress; only `phase` changes what it does. */
export function seen(before: RankActivity, event: RunnerEvent, atMs: number): RankActivity {
  return { phase: event.kind === 'phase' ? event.phase : before.phase, atMs };
}

/** Seconds that a rank in this phase may stay silent. */
export function silenceLimit(phase: string, limits: RankLimits): number {
  if (phase === 'loop') return limits.stepSeconds;
  if (phase === 'checkpoint' || phase === 'snapshot') return limits.checkpointSeconds;
  return limits.setupSeconds;
}

/** The ranks that have been silent for longer than they may. */
export function overdue(ranks: ReadonlyMap<number, RankActivity>, limits: RankLimits, nowMs: number): number[] {
  return [...ranks].filter(([, rank]) => nowMs - rank.atMs > silenceLimit(rank.phase, limits) * 1000).map(([rank]) => rank);
}

/** Seconds that ranks asked to stop may take: to the end of what they are doing, and for a checkpoint. */
export function stopPatience(limits: RankLimits): number {
  return Math.max(limits.setupSeconds, limits.stepSeconds) + limits.checkpointSeconds;
}
