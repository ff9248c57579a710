import { describe, expect, test, vi } from 'vitest';
import { isLeaseNeeded } from '../../../../activities/cluster/is-lease-needed.js';
import { launchNodes, type LaunchNodesInput } from '../../../../activities/cluster/launch-nodes.js';
import { renewNode } from '../../../../activities/cluster/renew-node.js';
import { terminateNodes } from '../../../../activities/cluster/terminate-nodes.js';
import { watchNodes, type LostNode } from '../../../../activities/cluster/watch-nodes.js';
import type { ProviderNode } from '../../../../src/contract/cluster.js';
import { Failure } from '../../../../src/domain/failures.js';
import { nodeQueue } from '../../../../src/domain/names.js';
import { runKeys } from '../../../../src/domain/store-keys.js';
import type { WorkflowState } from '../../../../src/platform/temporal/run-directory.js';
import { FakeCompute } from '../../../fakes/fake-compute.js';
import { FakeNodeSelf } from '../../../fakes/fake-node-self.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { FakeWorkLog } from '../../../fakes/fake-work-log.js';
import { act, ActivityContext } from '../../../fixtures/activity-context.js';

vi.mock('node:timers/promises', () => import('../../../fixtures/quick-delays.js'));

const LEASE = 'run/k/lease/1-1';
const server = { address: '127.0.0.1:7233', namespace: 'default' };

class Cluster {
  readonly compute = new FakeCompute();

  launch(over: Partial<LaunchNodesInput> = {}): Promise<ProviderNode[]> {
    return launchNodes({ compute: this.compute, installation: 'mine', server })({
      ...{ leaseId: LEASE, runKey: 'k', fence: 1, leaseMinutes: 30, deadline: '2026-11-22T21:00:00.000Z' },
      nodes: [0, 1].map((node) => ({ node, generation: 1 })),
      ...over,
    });
  }

  async ids(): Promise<string[]> {
    return (await this.launch()).map(({ nodeId }) => nodeId);
  }

  terminate(nodeIds: string[] | null = null): Promise<{ terminated: string[] }> {
    return act(terminateNodes({ compute: this.compute, installation: 'mine' }), { leaseId: LEASE, nodeIds });
  }
}

describe('launching', () => {
  test('gives each node its tags, its queue and its deadline', async () => {
    const cluster = new Cluster();
    const launch = vi.spyOn(cluster.compute, 'launch');
    const nodes = await cluster.launch();
    expect(nodes.map(({ tags }) => tags)).toEqual(
      [0, 1].map((node) => ({ installation: 'mine', runKey: 'k', lease: LEASE, fence: 1, node, generation: 1, leaseMinutes: 30 })),
    );
    expect(launch.mock.calls.map(([{ taskQueue, deadline, server: where }]) => [taskQueue, deadline.toISOString(), where])).toEqual(
      [0, 1].map((node) => [nodeQueue(LEASE, node, 1), '2026-11-22T21:00:00.000Z', server]),
    );
  });

  test('twice, also after half of it, gives one machine for each place', async () => {
    const cluster = new Cluster();
    cluster.compute.failNext(new Failure('CapacityUnavailable', 'no machine'));
    await expect(cluster.launch()).rejects.toThrow('no machine');
    const nodes = await cluster.launch();
    expect(await cluster.launch()).toEqual(nodes);
    expect(cluster.compute.nodes.size).toBe(2);
  });

  test('a further generation of a place gives another machine with another queue', async () => {
    const cluster = new Cluster();
    const before = await cluster.ids();
    const launch = vi.spyOn(cluster.compute, 'launch');
    const [node] = await cluster.launch({ nodes: [{ node: 1, generation: 2 }] });
    expect(before).not.toContain(node?.nodeId);
    expect(launch.mock.calls[0]?.[0].taskQueue).toBe(nodeQueue(LEASE, 1, 2));
    expect(cluster.compute.nodes.size).toBe(3);
  });
});

describe('watching', () => {
  const watch = (cluster: Cluster, nodeIds: string[]): { context: ActivityContext; lost: Promise<LostNode[]> } => {
    const context = new ActivityContext();
    const lost = context.run(watchNodes(cluster), { nodeIds });
    lost.catch(() => undefined);
    return { context, lost };
  };

  test('ends when the provider says that a node is terminated, and names it', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    const { context, lost } = watch(cluster, ids);
    await context.beat(2);
    cluster.compute.end(ids[1] as string);
    expect(await lost).toEqual([{ nodeId: ids[1], evidence: `the provider says that node ${ids[1]} is terminated` }]);
  });

  test('ends when a node is missing three times running', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    const { context, lost } = watch(cluster, ids);
    await context.beat();
    cluster.compute.forget(ids[0] as string);
    expect(await lost).toEqual([{ nodeId: ids[0], evidence: `the provider has not listed node ${ids[0]} 3 times running` }]);
  });

  test('goes on while a list is behind for a moment, and while the provider cannot be asked', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    const { context, lost } = watch(cluster, ids);
    const [first] = [...cluster.compute.nodes.values()] as [ProviderNode];
    for (let times = 0; times < 3; times += 1) {
      const describe = vi.spyOn(cluster.compute, 'describe').mockResolvedValueOnce([]).mockResolvedValueOnce([]);
      await vi.waitFor(() => expect(describe.mock.calls.length).toBeGreaterThan(3));
      describe.mockRestore();
    }
    cluster.compute.failNext(...Array.from({ length: 5 }, () => new Failure('Unreachable', 'no provider')));
    await vi.waitFor(() => expect(context.warnings).toHaveLength(5));
    await context.beat(2);
    cluster.compute.end(first.nodeId);
    expect(await lost).toHaveLength(1);
  });

  test('ends at once when it is cancelled', async () => {
    const cluster = new Cluster();
    const { context, lost } = watch(cluster, await cluster.ids());
    await context.beat();
    context.cancel();
    await expect(lost).rejects.toThrow(/abort|CANCELLED/i);
    expect(cluster.compute.terminations).toEqual([]);
  });
});

describe('terminating', () => {
  test('ends every machine of the lease, those nobody knows of too, and none of another lease', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    const [forgotten] = await cluster.launch({ nodes: [{ node: 1, generation: 7 }] });
    const [other] = await cluster.launch({ leaseId: 'run/k/lease/1-2', nodes: [{ node: 0, generation: 1 }] });
    expect((await cluster.terminate()).terminated.sort()).toEqual([...ids, forgotten?.nodeId].sort());
    expect(cluster.compute.terminations).not.toContain(other?.nodeId);
  });

  test('of named machines leaves the others of the lease', async () => {
    const cluster = new Cluster();
    const [first, second] = (await cluster.ids()) as [string, string];
    expect(await cluster.terminate([first])).toEqual({ terminated: [first] });
    expect(cluster.compute.nodes.get(second)?.state).toBe('running');
  });

  test('goes on until the provider lists nothing, twice', async () => {
    const cluster = new Cluster();
    const [first] = (await cluster.ids()) as [string];
    cluster.compute.survive(first, 2);
    const list = vi.spyOn(cluster.compute, 'list');
    await cluster.terminate([first]);
    expect(cluster.compute.terminations.filter((id) => id === first)).toHaveLength(3);
    // Three with the machine on it, two without.
    expect(list).toHaveBeenCalledTimes(5);
  });

  test('is not deceived by one list that is behind', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    vi.spyOn(cluster.compute, 'list').mockResolvedValueOnce([]);
    expect((await cluster.terminate()).terminated.sort()).toEqual([...ids].sort());
  });

  test('twice, and of nothing, is no error', async () => {
    const cluster = new Cluster();
    await cluster.ids();
    await cluster.terminate();
    expect(await cluster.terminate()).toEqual({ terminated: [] });
  });

  test('does not call a machine ended while the provider cannot be asked', async () => {
    const cluster = new Cluster();
    await cluster.ids();
    cluster.compute.failNext(new Failure('Unreachable', 'no provider'));
    await expect(cluster.terminate()).rejects.toThrow('no provider');
    expect((await cluster.terminate()).terminated).toHaveLength(2);
  });

  test('is not broken off by a cancellation: machines that are not ended cost money', async () => {
    const cluster = new Cluster();
    const ids = await cluster.ids();
    const context = new ActivityContext();
    const work = context.run(terminateNodes({ compute: cluster.compute, installation: 'mine' }), { leaseId: LEASE, nodeIds: null });
    context.cancel();
    await work.catch(() => undefined);
    await vi.waitFor(() => expect(ids.map((id) => cluster.compute.nodes.get(id)?.state)).toEqual(['terminated', 'terminated']));
  });
});

test('a renewal reaches the host of the node as a date, and the ledger', async () => {
  const self = new FakeNodeSelf();
  const workLog = new FakeWorkLog();
  await renewNode({ self, workLog })({ deadline: '2026-11-22T21:30:00.000Z' });
  expect(self.deadlines).toEqual([new Date('2026-11-22T21:30:00.000Z')]);
  expect(workLog.words).toEqual([{ word: 'renewed' }]);
});

describe('a lease', () => {
  const needed = async (state: WorkflowState, owners: number): Promise<boolean> => {
    const runs = new FakeRunDirectory();
    const store = new InMemoryObjectStore();
    runs.set('run/k', state);
    for (let fence = 1; fence <= owners; fence += 1) {
      const owner = {
        fence,
        workflowId: 'run/k',
        runId: String(fence),
        server: 'n',
        recovery: null,
        claimedAt: '2026-11-22T21:30:00.000Z',
      };
      await store.put(runKeys.owner('k', fence), JSON.stringify(owner));
    }
    return isLeaseNeeded({ store, runs })({ runKey: 'k', fence: 1, workflowId: 'run/k' });
  };

  test.each([
    ['open', true],
    ['unknown', true],
    ['closed', false],
  ] as const)('of a run whose workflow is %s is needed: %s', async (state, isNeeded) => {
    expect(await needed(state, 1)).toBe(isNeeded);
  });

  test('of a run that a later execution carries on is needed no more', async () => {
    expect(await needed('open', 2)).toBe(false);
  });
});
