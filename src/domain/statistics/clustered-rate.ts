import type { Estimate } from '../../contract/score.js';
import { linearisedVariance, sumOf, type ClusterTotals } from './clusters.js';
import { clusteredRatio, CONFIDENCE_LEVEL } from './clustered-share.js';
import { studentTQuantile } from './student-t.js';

/**
 * Events per unit, pooled; unlike a share it may exceed 1 (a slot error rate does, where much is added that was not asked for).
 * The interval is symmetric on the log scale, so it stays above 0; without any event its upper end is that of a share of 0.
 */
export function clusteredRate(clusters: readonly ClusterTotals[]): Estimate {
  const units = sumOf(clusters.map(({ denominator }) => denominator));
  const events = sumOf(clusters.map(({ numerator }) => numerator));
  if (units === 0 || events === 0) return clusteredRatio(clusters.map(({ denominator }) => ({ numerator: 0, denominator })));
  const value = events / units;
  const variance = linearisedVariance(clusters);
  // Clusters that are all alike, or a single one: events as independent as those of a Poisson process.
  const relativeError = variance === 0 ? 1 / Math.sqrt(events) : Math.sqrt(variance) / value;
  const factor = Math.exp(studentTQuantile(CONFIDENCE_LEVEL, clusters.length - 1) * relativeError);
  return { value, low: value / factor, high: value * factor };
}
