import { z } from 'zod';

/** Of measured values, e.g. seconds. */
export const Quantiles = z.strictObject({ count: z.int(), p50: z.number(), p95: z.number(), max: z.number() });
export type Quantiles = z.infer<typeof Quantiles>;

/** By nearest rank, so each is a value that was measured; null: there are none. */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  const sorted = [...values].sort((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return null;
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? max;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max };
}
