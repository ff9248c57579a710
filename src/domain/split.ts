import type { Split } from '../contract/kinds.js';
import { hashShare, textHash } from './text-hash.js';

/** Share of the groups that each held-out split gets; 0 where it has rows of its own. */
export interface HeldOutShares {
  validation: number;
  test: number;
}

/**
 * The split of a group. It depends on nothing but group, seed and shares, so rows that are added later move no other row;
 * and the test split does not depend on the validation share.
 */
export function splitOfGroup(group: string, shares: HeldOutShares, seed: number): Split {
  const place = hashShare(`${seed}/split/${group}`);
  if (place < shares.test) return 'test';
  return place < shares.test + shares.validation ? 'validation' : 'train';
}

/**
 * Up to `limit` rows, evenly by group: every group gives its first row before any gives its second.
 * Which groups come first depends on the seed alone; the rows come back in their own order.
 */
export function takeEvenlyByGroup<Row extends { group: string }>(rows: readonly Row[], limit: number, seed: number): Row[] {
  const taken = new Map<string, number>();
  const ranked = rows.map((row, index) => {
    const turn = taken.get(row.group) ?? 0;
    taken.set(row.group, turn + 1);
    return { row, index, turn, place: textHash(`${seed}/take/${row.group}`) };
  });
  return ranked
    .sort((a, b) => a.turn - b.turn || a.place - b.place || a.index - b.index)
    .slice(0, limit)
    .sort((a, b) => a.index - b.index)
    .map(({ row }) => row);
}
