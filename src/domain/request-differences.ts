import type { FineTuningRequest } from '../contract/request.js';

/** None says what the work is. */
export const FREE_TO_CHANGE: ReadonlySet<string> = new Set([
  'runKey',
  'deadlineMinutes',
  'maxSpendUsd',
  'maxHourlyUsd',
  'parkedNodesMinutes',
  'cluster.leaseMinutes',
  'cluster.pricePerNodeHourUsd',
  'limits.setupSeconds',
  'limits.stepSeconds',
  'limits.checkpointSeconds',
  'recovery.attempts',
  'recovery.waitMinutes',
  'recovery.afterTerminate',
]);

/** Paths in which two requests ask for different work; none: a run key that belongs to one serves the other. */
export function requestDifferences(first: FineTuningRequest, second: FineTuningRequest): string[] {
  return differences(first, second, '').filter((path) => !FREE_TO_CHANGE.has(path));
}

function differences(a: unknown, b: unknown, path: string): string[] {
  if (!isObject(a) || !isObject(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], path === '' ? key : `${path}.${key}`));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
