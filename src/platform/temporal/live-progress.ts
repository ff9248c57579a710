import type { FollowBeat } from '../../contract/job.js';
import type { PendingActivity } from '../../contract/run-situation.js';

export type LiveProgress = FollowBeat['progress'];

/**
 * What followers last beat: the only place where a step is known before its checkpoint.
 * Shards of one evaluation are added up; of the ranks of a gang the first node speaks for all.
 */
export function liveProgress(pending: readonly PendingActivity[]): LiveProgress | null {
  const beats = pending.flatMap(({ progress }) => (progress === null ? [] : [progress]));
  const [first] = beats;
  if (first === undefined) return null;
  const items = beats.filter(({ unit }) => unit === 'items');
  if (items.length > 0 && items.length === beats.length) {
    const totals = items.map(({ total }) => total);
    return {
      ...first,
      done: items.reduce((sum, { done }) => sum + done, 0),
      total: totals.includes(null) ? null : totals.reduce<number>((sum, total) => sum + (total ?? 0), 0),
    };
  }
  const furthest = beats.reduce(
    (most, beat) => (beat.done > most.done || (most.total === null && beat.total !== null) ? beat : most),
    first,
  );
  // Trouble of any node is trouble of all: none of its checkpoints becomes whole.
  return { ...furthest, trouble: beats.find(({ trouble }) => trouble !== null)?.trouble ?? null };
}
