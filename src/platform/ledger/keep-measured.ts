import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerMetrics } from './ledger-metrics.js';

/** Prometheus asks every quarter or half of a minute or so. */
const EVERY_MS = 15_000;

/** The ledgers of hundreds of runs take seconds to read, on the thread that all activities share: it is to have nine tenths of it left. */
const PAUSE_TO_LOOK = 9;

/** Brings the metrics up to date until the signal, the more seldom the longer it takes. */
export async function keepMeasured(
  metrics: Pick<LedgerMetrics, 'look'>,
  { warn, signal }: { warn: (message: string, error: unknown) => void; signal: AbortSignal },
): Promise<void> {
  for (let pauseMs = EVERY_MS; await passes(pauseMs, signal);) {
    const began = performance.now();
    // One after the other: a store that hangs is not asked again before it has answered.
    await metrics.look().catch((error: unknown) => warn('the metrics of the ledger could not be brought up to date', error));
    pauseMs = Math.max(EVERY_MS, PAUSE_TO_LOOK * (performance.now() - began));
  }
}

/** False as soon as the signal has come. */
async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return false;
    throw error;
  }
}
