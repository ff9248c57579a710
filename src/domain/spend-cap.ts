import type { Caps, Incident } from '../contract/incident.js';
import type { RunPlan } from '../contract/plan.js';
import type { RequestProblem } from './request-problems.js';

// What a run may cost. All amounts in USD.

/** Of all executions together, as the ledger has it. */
export interface Spend {
  usd: number;
  /** What the nodes that go on cost an hour. */
  hourlyUsd: number;
}

/** Often enough to hold a cap to some cents on a node of 100 USD an hour, seldom enough for a history of weeks. */
const LEAST_SECONDS = 5;
/** Where nothing is paid for, nothing is reached; a launch may change that at any time, so it is looked at again. */
const MOST_SECONDS = 3600;

export type SpendVerdict = { isOver: true; message: string } | { isOver: false; againAfterSeconds: number };

/**
 * Has the run spent its cap? If not, when it is to be asked again: before the moment at which it could have, with all of its nodes
 * at work, and after an hour at the latest.
 */
export function judgeSpend(
  spend: Spend,
  { maxSpendUsd }: Caps,
  cluster: Pick<RunPlan['cluster'], 'nodes' | 'leaseMinutes'> & Priced,
): SpendVerdict {
  if (maxSpendUsd === null) return { isOver: false, againAfterSeconds: MOST_SECONDS };
  if (spend.usd >= maxSpendUsd)
    return { isOver: true, message: `${dollars(spend.usd)} are spent, of ${dollars(maxSpendUsd)} of maxSpendUsd` };
  const hourlyUsd = Math.max(spend.hourlyUsd, hourlyOf(cluster));
  const seconds = hourlyUsd === 0 ? MOST_SECONDS : (3600 * (maxSpendUsd - spend.usd)) / hourlyUsd;
  // Without nodes nothing is spent before a launch, which is made only where its whole lease can be paid.
  const least = spend.hourlyUsd === 0 ? 60 * cluster.leaseMinutes : LEAST_SECONDS;
  return { isOver: false, againAfterSeconds: Math.min(Math.max(seconds, least), MOST_SECONDS) };
}

export const capsOf = ({ maxSpendUsd, maxHourlyUsd }: Caps): Caps => ({ maxSpendUsd, maxHourlyUsd });

/** Those of the plan of an execution, or those that took their place while it went on. */
export function capsInForce(plan: Caps, fence: number, incidents: readonly Incident[]): Caps {
  const raised = incidents.findLast((incident) => incident.event === 'raised' && incident.fence === fence);
  return raised?.event === 'raised' ? raised.caps : capsOf(plan);
}

/** Why these nodes must not be launched; null: they may be. What they cost at most until their deadline is reserved. */
export function launchRefusal(
  spend: Spend,
  caps: Caps,
  cluster: Pick<RunPlan['cluster'], 'nodes' | 'leaseMinutes'> & Priced,
): string | null {
  const hourlyUsd = hourlyOf(cluster);
  const { nodes, leaseMinutes } = cluster;
  if (caps.maxHourlyUsd !== null && hourlyUsd > caps.maxHourlyUsd)
    return `${nodes} nodes cost ${dollars(hourlyUsd)} an hour, and maxHourlyUsd is ${dollars(caps.maxHourlyUsd)}`;
  if (caps.maxSpendUsd === null) return null;
  const reservedUsd = (hourlyUsd * leaseMinutes) / 60;
  if (spend.usd + reservedUsd <= caps.maxSpendUsd) return null;
  const left = Math.max(0, caps.maxSpendUsd - spend.usd);
  return `${nodes} nodes for a lease of ${leaseMinutes} minutes cost up to ${dollars(reservedUsd)}, and ${dollars(left)} of maxSpendUsd, ${dollars(caps.maxSpendUsd)}, are left`;
}

/** What in a request cannot be: caps that its first nodes would break. */
export function capProblems(caps: Caps, cluster: Pick<RunPlan['cluster'], 'nodes' | 'leaseMinutes'> & Priced): RequestProblem[] {
  const nothing = { usd: 0, hourlyUsd: 0 };
  return (['maxHourlyUsd', 'maxSpendUsd'] as const).flatMap((path) => {
    const refusal = launchRefusal(nothing, { maxSpendUsd: null, maxHourlyUsd: null, [path]: caps[path] }, cluster);
    return refusal === null ? [] : [{ path, message: `${refusal}; ask for more, or for fewer nodes` }];
  });
}

interface Priced {
  pricePerNodeHourUsd: number;
}

const hourlyOf = ({ nodes, pricePerNodeHourUsd }: { nodes: number } & Priced): number => nodes * pricePerNodeHourUsd;

/** To the cent, as prices are; smaller amounts to two digits. */
const dollars = (usd: number): string => `${usd >= 0.1 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(2)} USD`;
