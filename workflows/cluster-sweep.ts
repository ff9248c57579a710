import type { SweepResult } from '../activities/cluster/sweep-nodes.js';
import { tending } from './acts.js';

/** Ends machines that nobody owns any more. Started by a schedule; what it ended, and why, is its result. */
export function clusterSweep(): Promise<SweepResult> {
  return tending.sweepNodes();
}
