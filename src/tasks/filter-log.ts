import type { FilterCount } from '../contract/dataset.js';
import type { Split } from '../contract/kinds.js';

/** The closed list of `FilterCount.step`, in the order of the work. */
export const FILTER_STEPS = ['generated', 'parsed', 'well_ordered', 'held_out', 'deduplicated', 'overlap'] as const;
type FilterStep = (typeof FILTER_STEPS)[number];

export interface FilterLog {
  readonly counts: FilterCount[];
  add(split: Split, step: FilterStep, before: number, after: number, why: string): void;
}

export function createFilterLog(): FilterLog {
  const counts: FilterCount[] = [];
  return { counts, add: (split, step, before, after, why) => void counts.push({ split, step, before, after, why }) };
}

export const countGroups = (rows: readonly { group: string }[]): number => new Set(rows.map(({ group }) => group)).size;
