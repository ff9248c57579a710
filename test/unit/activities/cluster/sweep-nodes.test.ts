import { describe, expect, test } from 'vitest';
import { sweepNodes, type SweepResult } from '../../../../activities/cluster/sweep-nodes.js';
import type { ProviderNode } from '../../../../src/contract/cluster.js';
import { Failure } from '../../../../src/domain/failures.js';
import { FakeCompute } from '../../../fakes/fake-compute.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { ActivityContext } from '../../../fixtures/activity-context.js';

const minutesFromNow = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

/** A provider with nodes that were launched long ago, and a server that knows some leases. */
class Site {
  readonly compute = new FakeCompute();
  readonly runs = new FakeRunDirectory();
  readonly context = new ActivityContext();

  async node(lease: string, left: number, installation = 'mine'): Promise<ProviderNode> {
    const tags = { installation, runKey: 'k', lease, fence: 1, node: 0, generation: 1, leaseMinutes: 30 };
    const launched = await this.compute.launch({
      ...{ tags, taskQueue: 'q', deadline: minutesFromNow(left) },
      server: { address: 'a:1', namespace: 'default' },
      pricePerHourUsd: 0,
    });
    const aged = { ...launched, launchedAt: minutesFromNow(-60).toISOString() };
    this.compute.nodes.set(aged.nodeId, aged);
    return aged;
  }

  sweep(): Promise<SweepResult> {
    return this.context.run(sweepNodes({ compute: this.compute, runs: this.runs, installation: 'mine' }));
  }
}

describe('a sweep', () => {
  test('ends the nodes of closed leases alone, says why, and logs it', async () => {
    const site = new Site();
    site.runs.set('run/a/lease/1-1', 'closed');
    site.runs.set('run/b/lease/1-1', 'open');
    const [orphan] = [await site.node('run/a/lease/1-1', 20), await site.node('run/b/lease/1-1', 20)];
    expect(await site.sweep()).toEqual({
      listed: 2,
      ended: [{ nodeId: orphan.nodeId, reason: 'its lease run/a/lease/1-1 is closed' }],
    });
    expect(site.compute.terminations).toEqual([orphan.nodeId]);
    expect(site.context.warnings).toEqual(['ending a node that nobody owns']);
  });

  test('leaves the nodes of other installations alone', async () => {
    const site = new Site();
    site.runs.set('run/a/lease/1-1', 'closed');
    await site.node('run/a/lease/1-1', -60, 'theirs');
    expect(await site.sweep()).toEqual({ listed: 0, ended: [] });
  });

  test('ends nothing while the server cannot be asked', async () => {
    const site = new Site();
    site.runs.set('run/a/lease/1-1', new Failure('Unreachable', 'no server'));
    await site.node('run/a/lease/1-1', -60);
    await expect(site.sweep()).rejects.toThrow('no server');
    expect(site.compute.terminations).toEqual([]);
  });

  test('ends the others, too, where one cannot be ended, and fails then', async () => {
    const site = new Site();
    const nodes = [await site.node('run/a/lease/1-1', -60), await site.node('run/b/lease/1-1', -60)];
    const terminate = site.compute.terminate.bind(site.compute);
    site.compute.terminate = async (nodeIds) => {
      if (nodeIds.includes(nodes[0]?.nodeId ?? '')) throw new Failure('AccessDenied', 'not this one');
      return terminate(nodeIds);
    };
    await expect(site.sweep()).rejects.toThrow('not this one');
    expect(site.compute.terminations).toEqual([nodes[1]?.nodeId]);
  });
});
