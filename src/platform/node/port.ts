import type { NodeFacts } from '../../contract/cluster.js';

/** The machine that a node worker runs on. */
export interface NodeSelf {
  facts(): Promise<Pick<NodeFacts, 'hostname' | 'rankAddress' | 'rankInterface' | 'cpuCores' | 'memoryBytes' | 'freeDiskBytes'>>;

  /** A port that is free now on the address that ranks use. */
  pickPort(): Promise<number>;

  /** Moves the time forward at which the host of this node ends it. */
  renew(deadline: Date): Promise<void>;
}
