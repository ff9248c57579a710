import type { Estimate } from '../../contract/score.js';
import { fullyCorrelatedSize, linearisedVariance, sumOf, totalsByGroup, type ClusterTotals } from './clusters.js';
import { studentTQuantile } from './student-t.js';

/** Of every interval of formwork. */
export const CONFIDENCE_LEVEL = 0.95;

/** How every interval of a score is made, for people. */
export const INTERVAL_METHOD =
  '95 % score intervals (Wilson; Tango for a paired difference) on the effective sample size by group, with t quantiles';

/** Share of the items that are right, with an interval that counts items of one group as dependent. */
export function clusteredShare(items: readonly { group: string; isRight: boolean }[]): Estimate {
  return clusteredRatio(totalsByGroup(items, ({ isRight }) => ({ numerator: isRight ? 1 : 0, denominator: 1 })));
}

/**
 * A share of pooled units (micro-averaged): sum of the numerators over sum of the denominators, numerator <= denominator in each cluster.
 *
 * The interval is Wilson's on the effective sample size p (1 - p) / v, with v the variance between clusters and Student's t with G - 1
 * degrees of freedom for the normal quantile; this is what surveys do with clustered proportions (Dean and Pagano 2015, Journal of Survey
 * Statistics and Methodology 3: 484). Unlike a percentile bootstrap or p +- t * se it stays within [0, 1] and has a width at 0 and at 1:
 * there the clusters tell nothing about dependence, so the units of a cluster are taken to be all alike.
 * Nothing counted (denominator 0) is the value 0 with the interval [0, 1].
 */
export function clusteredRatio(clusters: readonly ClusterTotals[]): Estimate {
  const counted = clusters.filter(({ denominator }) => denominator > 0);
  const units = sumOf(counted.map(({ denominator }) => denominator));
  if (units === 0) return { value: 0, low: 0, high: 1 };
  const value = sumOf(counted.map(({ numerator }) => numerator)) / units;
  return { value, ...wilson(value, effectiveSize(value, counted, units), studentTQuantile(CONFIDENCE_LEVEL, counted.length - 1)) };
}

/** Never more than the units there are: a variance below the binomial one is chance, and no reason for a narrower interval. */
function effectiveSize(share: number, clusters: readonly ClusterTotals[], units: number): number {
  const variance = linearisedVariance(clusters);
  return variance === 0 ? fullyCorrelatedSize(clusters) : Math.min(units, (share * (1 - share)) / variance);
}

function wilson(share: number, size: number, quantile: number): { low: number; high: number } {
  const square = quantile ** 2;
  const centre = (share + square / (2 * size)) / (1 + square / size);
  const half = (quantile / (1 + square / size)) * Math.sqrt((share * (1 - share)) / size + square / (4 * size ** 2));
  // Rounding must not push the interval past the value at 0 and 1.
  return { low: Math.max(0, Math.min(share, centre - half)), high: Math.min(1, Math.max(share, centre + half)) };
}
