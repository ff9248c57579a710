import { createRandom, type Random } from '../../../../src/domain/random.js';
import type { Estimate } from '../../../../src/contract/score.js';

/** Draws clusters of one to three items; with the chance `alike` an item copies what its cluster shares, else it draws anew. */
export function drawClustered<Outcome>(
  groups: number,
  alike: number,
  draw: (random: Random) => Outcome,
  random: Random,
): { group: string; outcome: Outcome }[] {
  return Array.from({ length: groups }, (_, group) => {
    const shared = draw(random);
    const size = random.weighted([
      [1, 5],
      [2, 3],
      [3, 2],
    ] as const);
    return Array.from({ length: size }, () => ({ group: String(group), outcome: random.chance(alike) ? shared : draw(random) }));
  }).flat();
}

/** Share of the seeded rounds in which the interval holds the truth. */
export function coverage(rounds: number, label: string, truth: number, estimate: (random: Random) => Estimate): number {
  const random = createRandom(17, label);
  let covered = 0;
  for (let round = 0; round < rounds; round += 1) {
    const { low, high } = estimate(random);
    if (low <= truth && truth <= high) covered += 1;
  }
  return covered / rounds;
}
