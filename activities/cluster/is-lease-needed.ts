import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';
import { newestOwner } from '../run/newest-owner.js';

export interface LeaseToJudge {
  runKey: string;
  fence: number;
  /** Of the run. */
  workflowId: string;
}

/**
 * Does the run that a lease belongs to still go on, and is it still carried on by whom the lease was made for? A reset keeps the id of
 * the run and takes other machines. A server that cannot say counts as yes: doubt ends no training.
 */
export const isLeaseNeeded =
  (ports: { store: ObjectStore; runs: RunDirectory }) =>
  async ({ runKey, fence, workflowId }: LeaseToJudge): Promise<boolean> =>
    (await ports.runs.stateOf(workflowId)) !== 'closed' && ((await newestOwner(ports.store, runKey))?.fence ?? fence) <= fence;
