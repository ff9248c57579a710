import type { ProviderNode } from '../../src/contract/cluster.js';
import type { LaunchRequest } from '../../src/platform/compute/port.js';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeCompute } from '../fakes/fake-compute.js';

/** A local node's host is up in about 0.2 s. */
const LAUNCH_MS = 200;

/** A provider whose machines take a moment to come up. */
export class FakeMachines extends FakeCompute {
  override async launch(request: LaunchRequest): Promise<ProviderNode> {
    await delay(LAUNCH_MS);
    return super.launch(request);
  }
}
