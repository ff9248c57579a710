import { cpus, hostname, totalmem } from 'node:os';
import type { NodeFolder } from '../compute/node-folder.js';
import { freeBytesAt } from '../files.js';
import { freePort } from '../network/free-port.js';
import type { NodeSelf } from './port.js';

/** A node of the local provider. */
export class LocalNode implements NodeSelf {
  constructor(
    private readonly folder: NodeFolder,
    private readonly network: { rankAddress: string; rankInterface: string },
  ) {}

  async facts(): Promise<Awaited<ReturnType<NodeSelf['facts']>>> {
    return {
      hostname: hostname(),
      ...this.network,
      cpuCores: cpus().length,
      memoryBytes: totalmem(),
      freeDiskBytes: await freeBytesAt(this.folder.root),
    };
  }

  pickPort(): Promise<number> {
    return freePort(0, this.network.rankAddress);
  }

  renew(deadline: Date): Promise<void> {
    return this.folder.writeDeadline(deadline);
  }
}
