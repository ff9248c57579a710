import { beforeEach, expect, test, vi } from 'vitest';
import { keepMeasured } from '../../../../src/platform/ledger/keep-measured.js';

const pauses: number[] = [];
const clock = { now: 0 };
const { stop } = vi.hoisted(() => ({ stop: { after: Infinity, controller: new AbortController() } }));

/** Takes no time; the signal comes in the pause that a test says. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, _: unknown, { signal }: { signal: AbortSignal }) => {
    pauses.push(ms);
    if (pauses.length > stop.after) stop.controller.abort();
    return signal.aborted ? Promise.reject(new DOMException('', 'AbortError')) : Promise.resolve();
  },
}));

beforeEach(() => {
  pauses.length = 0;
  stop.controller = new AbortController();
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
});

const keep = async (lookMs: readonly number[], fail = false): Promise<string[]> => {
  const warnings: string[] = [];
  stop.after = lookMs.length;
  let looks = 0;
  const look = (): Promise<void> => {
    clock.now += lookMs[looks++] ?? 0;
    return fail ? Promise.reject(new Error('store is away')) : Promise.resolve();
  };
  await keepMeasured({ look }, { warn: (_, error) => warnings.push(String(error)), signal: stop.controller.signal });
  expect(looks).toBe(lookMs.length);
  return warnings;
};

test('short looks come every quarter of a minute, and none at once', async () => {
  await keep([20, 1500]);
  expect(pauses).toEqual([15_000, 15_000, 15_000]);
});

test('a look that takes seconds is followed by a pause nine times as long, a short one after it no more', async () => {
  await keep([6_000, 100]);
  expect(pauses).toEqual([15_000, 54_000, 15_000]);
});

test('a look that fails is warned of, and the next one comes', async () => {
  expect(await keep([10, 10], true)).toEqual(['Error: store is away', 'Error: store is away']);
});
