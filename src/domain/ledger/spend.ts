import { lifeOf, type PaidNode } from './node-life.js';

const HOUR_MS = 3_600_000;

export const costOf = (milliseconds: number, pricePerHourUsd: number): number => (milliseconds * pricePerHourUsd) / HOUR_MS;

/** What these nodes have cost by now, and what those that go on cost an hour. */
export function spendOf(nodes: readonly PaidNode[], now: Date): { usd: number; hourlyUsd: number } {
  let usd = 0;
  let hourlyUsd = 0;
  for (const node of nodes) {
    const { from, to, endedAt } = lifeOf(node, now);
    const { pricePerHourUsd } = node.launched;
    usd += costOf(to - from, pricePerHourUsd);
    if (endedAt === null) hourlyUsd += pricePerHourUsd;
  }
  return { usd, hourlyUsd };
}
