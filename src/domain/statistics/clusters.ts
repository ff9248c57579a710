/** Sums of one cluster: `numerator` of `denominator` units count. Items of one cluster are not independent of each other. */
export interface ClusterTotals {
  numerator: number;
  denominator: number;
}

/** Adds up the items of each group, in order of first appearance. */
export function totalsByGroup<Item extends { group: string }>(
  items: readonly Item[],
  totals: (item: Item) => ClusterTotals,
): ClusterTotals[] {
  const groups = new Map<string, ClusterTotals>();
  for (const item of items) {
    const { numerator, denominator } = totals(item);
    const group = groups.get(item.group) ?? { numerator: 0, denominator: 0 };
    groups.set(item.group, { numerator: group.numerator + numerator, denominator: group.denominator + denominator });
  }
  return [...groups.values()];
}

export const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/**
 * Variance of the ratio of sums by linearisation over clusters, with the small-sample factor G / (G - 1)
 * (Cochran, Sampling Techniques, section 6.3). 0 for one cluster, where nothing can be said.
 */
export function linearisedVariance(clusters: readonly ClusterTotals[]): number {
  const denominator = sumOf(clusters.map((cluster) => cluster.denominator));
  if (clusters.length < 2 || denominator === 0) return 0;
  const ratio = sumOf(clusters.map((cluster) => cluster.numerator)) / denominator;
  const squares = clusters.map((cluster) => (cluster.numerator - ratio * cluster.denominator) ** 2);
  return ((clusters.length / (clusters.length - 1)) * sumOf(squares)) / denominator ** 2;
}

/** Size of an independent sample that says as much if the units of a cluster are all alike (Kish): (sum m)^2 / sum m^2. */
export function fullyCorrelatedSize(clusters: readonly ClusterTotals[]): number {
  const squares = sumOf(clusters.map((cluster) => cluster.denominator ** 2));
  return squares === 0 ? 0 : sumOf(clusters.map((cluster) => cluster.denominator)) ** 2 / squares;
}
