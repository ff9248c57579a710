import type { FailureKind } from '../contract/kinds.js';

/**
 * A local host that did not come up in its 15 s met a machine that is busy for the moment; five tries take two and a half minutes,
 * and with the two of a first answer less than the shortest lease that those nodes have which did come up.
 */
const TRIES = 5;
const FIRST_WAIT_SECONDS = 5;

export interface LaunchRefused {
  kind: FailureKind;
  /** How often it was refused until now. */
  refusals: number;
}

export type LaunchVerdict = { action: 'again'; afterSeconds: number } | { action: 'fail' };

/** Is a launch that failed like this tried again, and when? Waits double, so that a provider in trouble is not asked in a hurry. */
export function judgeLaunch({ kind, refusals }: LaunchRefused): LaunchVerdict {
  const mayPass = kind === 'CapacityUnavailable' || kind === 'NodeLost';
  if (!mayPass || refusals >= TRIES) return { action: 'fail' };
  return { action: 'again', afterSeconds: FIRST_WAIT_SECONDS * 2 ** (refusals - 1) };
}
