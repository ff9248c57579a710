import { Failure } from './failures.js';

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a span of time as people write it, e.g. 90s, 10m, 6h, 1d. @throws Failure InvalidRequest. */
export function parseTimeSpan(option: string, text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null)
    throw new Failure('InvalidRequest', `${option} ${text}: expected a whole number with s, m, h or d, e.g. 10m or 6h`);
  return Number(match[1]) * (SECONDS[match[2] as string] as number);
}

/** The same, in the largest unit that it is a whole number of. */
export function timeSpan(seconds: number): string {
  const [unit, size] = Object.entries(SECONDS)
    .reverse()
    .find(([, one]) => seconds >= one && seconds % one === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}
