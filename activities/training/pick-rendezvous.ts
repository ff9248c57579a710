import type { NodeSelf } from '../../src/platform/node/port.js';

/** Where rank 0 of a gang will listen on this node. */
export const pickRendezvous = (ports: { self: NodeSelf }) => async (): Promise<{ address: string; port: number }> => ({
  address: (await ports.self.facts()).rankAddress,
  port: await ports.self.pickPort(),
});
