import type { Comparison } from '../../contract/score.js';
import { fullyCorrelatedSize, linearisedVariance, totalsByGroup } from './clusters.js';
import { clusteredShare, CONFIDENCE_LEVEL } from './clustered-share.js';
import { studentTQuantile } from './student-t.js';

/** One item, judged of both predictors. */
export interface PairedItem {
  group: string;
  before: boolean;
  after: boolean;
}

/**
 * Two predictors on the same items. The interval of the difference is the score interval of Tango (1998, Statistics in Medicine 17: 891)
 * with the counts of gained and lost items scaled to the effective sample size, as `clusteredShare` does for one share.
 * It has a width also where no item changed. Every item counts once, and there is at least one.
 */
export function comparePaired(items: readonly PairedItem[]): Comparison {
  const gained = items.filter(({ before, after }) => after && !before).length;
  const lost = items.filter(({ before, after }) => before && !after).length;
  const size = items.length;
  const differences = totalsByGroup(items, ({ before, after }) => ({ numerator: Number(after) - Number(before), denominator: 1 }));
  const independent = (gained + lost) / size ** 2 - (gained - lost) ** 2 / size ** 3;
  const variance = linearisedVariance(differences);
  const effective =
    variance === 0 || independent === 0 ? fullyCorrelatedSize(differences) : Math.min(size, (size * independent) / variance);
  const scale = effective / size;
  const value = (gained - lost) / size;
  const quantile = studentTQuantile(CONFIDENCE_LEVEL, differences.length - 1);
  return {
    items: size,
    before: clusteredShare(items.map(({ group, before }) => ({ group, isRight: before }))),
    after: clusteredShare(items.map(({ group, after }) => ({ group, isRight: after }))),
    difference: { value, ...tangoInterval(value, gained * scale, lost * scale, effective, quantile) },
    gained,
    lost,
  };
}

/** The differences around `value` that the score test does not reject; counts may be fractions, and the value is not rounded as they are. */
function tangoInterval(value: number, gained: number, lost: number, size: number, quantile: number): { low: number; high: number } {
  const isRejected = (difference: number): boolean => Math.abs(tangoScore(gained, lost, size, difference)) > quantile;
  return { low: lastAccepted(value, -1, isRejected), high: lastAccepted(value, 1, isRejected) };
}

/** Statistic of the null hypothesis that after less before is `difference`, with the nuisance share estimated under it. */
function tangoScore(gained: number, lost: number, size: number, difference: number): number {
  const a = 2 * size;
  const b = -gained - lost + (2 * size - gained + lost) * difference;
  const c = -lost * difference * (1 - difference);
  const lostShare = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = size * (2 * lostShare + difference * (1 - difference));
  const distance = gained - lost - size * difference;
  return distance === 0 ? 0 : distance / Math.sqrt(Math.max(variance, Number.MIN_VALUE));
}

function lastAccepted(accepted: number, end: number, isRejected: (difference: number) => boolean): number {
  if (!isRejected(end)) return end;
  let inside = accepted;
  let outside = end;
  // 60 halvings exhaust a double.
  for (let round = 0; round < 60; round += 1) {
    const middle = (inside + outside) / 2;
    if (isRejected(middle)) outside = middle;
    else inside = middle;
  }
  return inside;
}
