import { setTimeout as delay } from 'node:timers/promises';
import type { Compute } from '../../src/platform/compute/port.js';
import { beating } from '../beating.js';

/** Between two looks at the provider's list. */
const LOOK_MS = 1_000;
/** A list may be a moment behind: only this many empty answers running mean that nothing is left. */
const EMPTY_TIMES = 2;

/** Ends machines under the lease's tag: those named, or with null every one, known to us or not. Returns when the provider lists none, twice. */
export const terminateNodes =
  (ports: { compute: Compute; installation: string }) =>
  ({ leaseId, nodeIds }: { leaseId: string; nodeIds: readonly string[] | null }): Promise<{ terminated: string[] }> => {
    const terminated = new Set<string>();
    return beating(
      async () => {
        for (let empty = 0; empty < EMPTY_TIMES;) {
          const listed = await ports.compute.list({ installation: ports.installation, lease: leaseId });
          const left = listed.filter((node) => nodeIds === null || nodeIds.includes(node.nodeId));
          empty = left.length === 0 ? empty + 1 : 0;
          for (const node of left) terminated.add(node.nodeId);
          await ports.compute.terminate(left.map((node) => node.nodeId));
          if (empty < EMPTY_TIMES) await delay(LOOK_MS);
        }
        return { terminated: [...terminated] };
      },
      () => ({ ending: [...terminated] }),
    );
  };
