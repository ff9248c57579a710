import { CONFIDENCE_LEVEL } from '../../src/domain/statistics/clustered-share.js';
import { studentTQuantile } from '../../src/domain/statistics/student-t.js';

export interface Ratio {
  value: number;
  low: number;
  high: number;
}

/** Geometric mean of the ratios of pairs, with the interval of Student's t for the mean of their logarithms. @throws below two pairs. */
export function pairedRatio(pairs: readonly { numerator: number; denominator: number }[]): Ratio {
  if (pairs.length < 2) throw new Error(`an interval takes two pairs or more, there are ${pairs.length}`);
  const logs = pairs.map(({ numerator, denominator }) => Math.log(numerator / denominator));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const half = studentTQuantile(CONFIDENCE_LEVEL, logs.length - 1) * Math.sqrt(variance / logs.length);
  return { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}
