import type { ProviderNode } from '../contract/cluster.js';

/** What the server knows of the workflow that owns a node. `unknown`: it has never heard of it, which is not the same as closed. */
export type LeaseState = 'open' | 'closed' | 'unknown';

/** A lease that closes ends its own nodes, and a launch may be in flight while its lease does: nobody is hurried. */
const YOUNG_MINUTES = 1;
/** A host takes 20 s for the end of its node; one that needs longer than this will not do it any more. */
const OVERDUE_MINUTES = 2;
/**
 * A lease is renewed at a third of its length. With less than a third left, two renewals have not come: an owner that this server
 * does not know (its database is new, or it is another server) does not live on another one either.
 */
const UNRENEWED_SHARE = 1 / 3;

/** Why a node is to be ended that its own lease does not end, or null. Asked of whatever the provider still lists. */
export function reasonToEnd(node: ProviderNode, lease: LeaseState, now: Date): string | null {
  const age = minutesBetween(node.launchedAt, now);
  const left = -minutesBetween(node.deadline, now);
  if (age < YOUNG_MINUTES) return null;
  if (lease === 'closed') return `its lease ${node.tags.lease} is closed`;
  if (left < -OVERDUE_MINUTES) return `its deadline passed ${(-left).toFixed(1)} minutes ago`;
  if (lease === 'unknown' && left < node.tags.leaseMinutes * UNRENEWED_SHARE) {
    return `this server does not know its lease ${node.tags.lease}, and nobody has renewed it: ${left.toFixed(1)} minutes are left`;
  }
  return null;
}

const minutesBetween = (from: string, to: Date): number => (to.getTime() - Date.parse(from)) / 60_000;
