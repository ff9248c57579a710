import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { NodeSelf } from '../../src/platform/node/port.js';

/** Tells this node's host that the lease goes on. That it arrives is all the proof of contact there is. */
export const renewNode =
  (ports: { self: NodeSelf; workLog: WorkLog }) =>
  async ({ deadline }: { deadline: string }): Promise<void> => {
    await ports.self.renew(new Date(deadline));
    // Not waited for: the store may hang, and the lease waits for this answer.
    void ports.workLog.renewed(new Date(deadline));
  };
