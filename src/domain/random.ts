import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { textHash } from './text-hash.js';

/** Seeded randomness: the same seed and label give the same draws on every machine and in every version. */
export interface Random {
  /** Integer in [low, high], both included. */
  int(low: number, high: number): number;
  /** True with the given chance, in steps of a millionth. */
  chance(share: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One item; its chance is its integer weight over the sum of all weights. */
  weighted<T>(items: readonly (readonly [item: T, weight: number])[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** `count` different places of the list, in the order of the list. */
  subset<T>(items: readonly T[], count: number): T[];
}

/** The label keeps parts apart that draw from one seed, so that a further draw in one does not move the others. */
export function createRandom(seed: number, label = ''): Random {
  const generator = xoroshiro128plus(textHash(`${seed}/${label}`));
  const int = (low: number, high: number): number => uniformInt(generator, low, high);
  const at = <T>(items: readonly T[], index: number): T => {
    if (index >= items.length) throw new RangeError('nothing to draw from: the list is empty');
    return items[index] as T;
  };
  const shuffled = <T>(items: readonly T[]): T[] => {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = int(0, last);
      [order[last], order[other]] = [order[other] as T, order[last] as T];
    }
    return order;
  };
  return {
    int,
    chance: (share) => int(0, 999_999) < share * 1_000_000,
    pick: (items) => at(items, items.length === 0 ? 0 : int(0, items.length - 1)),
    weighted: (items) => {
      const total = items.reduce((sum, [, weight]) => sum + weight, 0);
      if (total < 1) throw new RangeError('nothing to draw from: the weights add up to 0');
      let left = int(1, total);
      const chosen = items.findIndex(([, weight]) => (left -= weight) <= 0);
      return at(items, chosen)[0];
    },
    shuffled,
    subset: (items, count) => {
      const chosen = new Set(shuffled(items.map((_, index) => index)).slice(0, count));
      return items.filter((_, index) => chosen.has(index));
    },
  };
}
