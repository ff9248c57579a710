import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/platform/process/wait-until.js';

const soon = { timeoutMs: 5_000, everyMs: 1 };

test('waiting ends with the first value', async () => {
  let looks = 0;
  expect(await waitUntil(() => Promise.resolve((looks += 1) >= 3 && `look ${looks}`), soon)).toBe('look 3');
});

test('zero and an empty text are values', async () => {
  expect(await waitUntil(() => Promise.resolve(0), soon)).toBe(0);
  expect(await waitUntil(() => Promise.resolve(''), soon)).toBe('');
});

test('waiting for what does not come ends after its time, having looked once at least', async () => {
  let looks = 0;
  const never = (): Promise<false> => Promise.resolve((looks += 1) < 0 && false);
  expect(await waitUntil(never, { timeoutMs: 0, everyMs: 1 })).toBeNull();
  expect(looks).toBe(1);
});

test('waiting ends when the caller gives up', async () => {
  const gone = new Error('given up');
  await expect(waitUntil(() => Promise.resolve(null), { ...soon, signal: AbortSignal.abort(gone) })).rejects.toBe(gone);
});

test('an error of the look ends the waiting', async () => {
  const error = new Error('no');
  await expect(waitUntil(() => Promise.reject(error), soon)).rejects.toBe(error);
});
