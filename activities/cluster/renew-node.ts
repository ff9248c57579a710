import type { NodeSelf } from '../../src/platform/node/port.js';

/** Tells this node's host that the lease goes on. That it arrives is all the proof of contact there is. */
export const renewNode =
  (ports: { self: NodeSelf }) =>
  ({ deadline }: { deadline: string }): Promise<void> =>
    ports.self.renew(new Date(deadline));
