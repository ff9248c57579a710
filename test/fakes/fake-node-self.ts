import type { NodeSelf } from '../../src/platform/node/port.js';

/** A machine of 2 cores that gives ports in order and remembers its deadlines. */
export class FakeNodeSelf implements NodeSelf {
  readonly deadlines: Date[] = [];
  private port = 29_500;

  facts(): ReturnType<NodeSelf['facts']> {
    return Promise.resolve({
      hostname: 'node-a',
      rankAddress: '10.0.0.7',
      rankInterface: 'eth1',
      cpuCores: 2,
      memoryBytes: 24e9,
      freeDiskBytes: 100e9,
    });
  }

  pickPort(): Promise<number> {
    this.port += 1;
    return Promise.resolve(this.port);
  }

  renew(deadline: Date): Promise<void> {
    this.deadlines.push(deadline);
    return Promise.resolve();
  }
}
