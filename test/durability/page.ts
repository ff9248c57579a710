import type { Fault } from './fault.js';
import type { Result } from './result.js';

export const durabilityPage = (faults: readonly Fault[], results: ReadonlyMap<string, Result>): string =>
  `${faults.length} ${results.size}`;
