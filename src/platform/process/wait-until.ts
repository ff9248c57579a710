import { setTimeout as delay } from 'node:timers/promises';

/** Polls until `check` gives something else than null, undefined or false; null after `timeoutMs`. */
export async function waitUntil<T>(
  check: () => Promise<T | null | undefined | false>,
  options: { timeoutMs: number; everyMs: number; signal?: AbortSignal },
): Promise<T | null> {
  const end = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const value = await check();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() >= end) return null;
    await delay(options.everyMs);
  }
}
