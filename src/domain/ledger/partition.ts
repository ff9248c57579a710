/** From one moment up to another, milliseconds since 1970. */
export interface Stretch {
  from: number;
  to: number;
}

/** What a record says of a stretch; where several do, the heaviest counts, and of equals the last. */
export interface Claim<T> extends Stretch {
  weight: number;
  says: T;
}

/**
 * Cuts a life into stretches, each with one word on it: they touch, in order, and add up to the life exactly, whatever the claims
 * are. Claims come from clocks of several machines, so they may overlap, end before they begin, or lie outside.
 */
export function partition<T>(life: Stretch, claims: readonly Claim<T>[], otherwise: T): (Stretch & { says: T })[] {
  if (life.to <= life.from) return [];
  const within = claims
    .map((claim) => ({ ...claim, from: Math.max(claim.from, life.from), to: Math.min(claim.to, life.to) }))
    .filter(({ from, to }) => to > from);
  const points = [...new Set([life.from, life.to, ...within.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b);
  const placeOf = new Map(points.map((point, index) => [point, index]));
  const words = points.slice(1).map(() => otherwise);
  // The sort is stable, and the heaviest is painted last.
  for (const { from, to, says } of within.sort((a, b) => a.weight - b.weight)) words.fill(says, placeOf.get(from), placeOf.get(to));
  return words.map((says, index) => ({ from: points[index] as number, to: points[index + 1] as number, says }));
}
