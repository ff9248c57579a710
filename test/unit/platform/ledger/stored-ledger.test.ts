import { describe, expect, test } from 'vitest';
import { sweepNodes } from '../../../../activities/cluster/sweep-nodes.js';
import { recordStep } from '../../../../activities/run/record-step.js';
import type { ProviderNode } from '../../../../src/contract/cluster.js';
import type { Ledger } from '../../../../src/contract/ledger.js';
import { Failure } from '../../../../src/domain/failures.js';
import { nodeLedgerKeys } from '../../../../src/domain/store-keys.js';
import { RecordedCompute } from '../../../../src/platform/ledger/recorded-compute.js';
import { StoredLedger } from '../../../../src/platform/ledger/stored-ledger.js';
import { StoredWorkLog } from '../../../../src/platform/ledger/stored-work-log.js';
import { FakeCompute } from '../../../fakes/fake-compute.js';
import { FakeRunDirectory } from '../../../fakes/fake-run-directory.js';
import { InMemoryObjectStore } from '../../../fakes/in-memory-object-store.js';
import { ActivityContext } from '../../../fixtures/activity-context.js';
import { trainJob } from '../../../fixtures/job-spec.js';
import { failure } from '../../../fixtures/failure.js';

const HOUR_MS = 3_600_000;
const LEASE = 'run/k/lease/1-1';

/** A provider, and the ledgers that its nodes get. */
class Site {
  readonly store = new InMemoryObjectStore();
  readonly provider = new FakeCompute();
  readonly warnings: string[] = [];
  readonly compute = this.process();

  /** As a process has it that is started anew: what only memory held is gone. */
  process(): RecordedCompute {
    return new RecordedCompute(this.provider, this.store, (message) => this.warnings.push(message));
  }

  launch(node = 0, compute = this.compute): Promise<ProviderNode> {
    return compute.launch({
      tags: { installation: 'mine', runKey: 'k', lease: LEASE, fence: 1, node, generation: 1, leaseMinutes: 30 },
      server: { address: '127.0.0.1:7233', namespace: 'default' },
      taskQueue: 'queue',
      deadline: new Date(Date.now() + HOUR_MS),
      pricePerHourUsd: 2,
    });
  }

  workLog(node: ProviderNode): StoredWorkLog {
    return new StoredWorkLog(this.store, node.nodeId, node.tags, (message) => this.warnings.push(message));
  }

  /** Its launch and its end, if it has one, lie that much further back. */
  age(nodeId: string, milliseconds: number): void {
    const node = this.provider.nodes.get(nodeId) as ProviderNode;
    const back = (text: string): string => new Date(Date.parse(text) - milliseconds).toISOString();
    const endedAt = node.endedAt === null ? null : back(node.endedAt);
    this.provider.nodes.set(nodeId, { ...node, launchedAt: back(node.launchedAt), endedAt });
  }

  read(now = new Date(), compute: Pick<FakeCompute, 'describe'> = this.provider): Promise<Ledger> {
    return new StoredLedger(this.store, compute, () => now).read('k');
  }

  /** Milliseconds of its nodes by the provider's own words. */
  provided(): number {
    const spans = [...this.provider.nodes.values()].map(
      ({ launchedAt, endedAt }) => Date.parse(endedAt ?? '') - Date.parse(launchedAt),
    );
    return spans.reduce((total, span) => total + span, 0);
  }
}

describe('what was paid is still there', () => {
  test('when the provider has forgotten the nodes', async () => {
    const site = new Site();
    const nodes = [await site.launch(0), await site.launch(1)];
    await site.compute.terminate(nodes.map(({ nodeId }) => nodeId));
    const paid = site.provided();
    for (const { nodeId } of nodes) site.provider.forget(nodeId);
    const ledger = await site.read(new Date(Date.now() + HOUR_MS));
    expect(ledger.milliseconds).toBe(paid);
    expect(ledger.nodes.map(({ endIsKnown }) => endIsKnown)).toEqual([true, true]);
  });

  test('when the sweep ends what nobody owns', async () => {
    const site = new Site();
    const { nodeId } = await site.launch();
    site.age(nodeId, HOUR_MS);
    // Its launch was noted by a process that is gone, the lease and its database too.
    site.store.objects.clear();
    const runs = new FakeRunDirectory();
    runs.set(LEASE, 'closed');
    await new ActivityContext().run(sweepNodes({ compute: site.process(), runs, installation: 'mine' }));
    const ledger = await site.read(new Date(Date.now() + HOUR_MS), { describe: () => Promise.resolve([]) });
    expect(ledger.milliseconds).toBe(site.provided());
    expect(ledger.usd).toBeCloseTo(2, 2);
  });

  test('when a node has ended by itself, from the first list that shows it', async () => {
    const site = new Site();
    const { nodeId } = await site.launch();
    site.provider.end(nodeId);
    site.provider.list = () => Promise.resolve([...site.provider.nodes.values()]);
    await site.compute.list({ installation: 'mine' });
    site.provider.forget(nodeId);
    const [node] = (await site.read()).nodes;
    expect(node).toMatchObject({ endIsKnown: true });
  });

  test('when the store was away at the launch and at the end: machines do not wait for it', async () => {
    const site = new Site();
    site.store.failWith(new Failure('StoreUnavailable', 'from the test'));
    const { nodeId } = await site.launch();
    await site.compute.terminate([nodeId]);
    expect(site.provider.nodes.get(nodeId)?.state).toBe('terminated');
    expect(site.warnings).not.toEqual([]);
    expect(site.store.keys()).toEqual([]);

    site.store.mend();
    await site.compute.list({ installation: 'mine' });
    expect((await site.read()).milliseconds).toBe(site.provided());
  });
});

describe('a ledger', () => {
  test('adds up to the word of the provider, with what the nodes say of their work', async () => {
    const site = new Site();
    const node = await site.launch();
    const log = site.workLog(node);
    const launched = Date.parse(node.launchedAt);
    const after = (milliseconds: number): Date => new Date(launched + milliseconds);
    const at = (milliseconds: number): string => after(milliseconds).toISOString();
    await log.ready(after(100), after(200));
    await log.staged(after(210), after(230));
    const spec = trainJob();
    await log.started(spec, after(240));
    await log.seen(spec, { startedAt: at(250), marks: [{ at: at(250), phase: 'imports', step: 0 }] });
    await log.ended(spec, {
      ...{ startedAt: at(250), ranksEndedAt: at(500), settledAt: at(600), kinds: [] },
      marks: [
        { at: at(250), phase: 'imports', step: 0 },
        { at: at(300), phase: 'loop', step: 0 },
        { at: at(500), phase: 'over', step: 9 },
      ],
    });
    await recordStep({ store: site.store })({ runKey: 'k', name: 'smoke', value: {} });
    site.store.objects.set(nodeLedgerKeys.ended('k', node.nodeId), Buffer.from(JSON.stringify({ endedAt: at(1000) })));
    const ledger = await site.read();
    const bySpending = Object.fromEntries(ledger.entries.map(({ spending, milliseconds }) => [spending, milliseconds]));
    expect(bySpending).toEqual({ provision: 100, install: 100, load: 80, train: 200, checkpoint: 100, idle: 420 });
    expect(ledger.milliseconds).toBe(1000);
    expect(site.warnings).toEqual([]);
  });

  test('of a run in progress counts until now, and says what the hour costs', async () => {
    const site = new Site();
    const { launchedAt } = await site.launch();
    const ledger = await site.read(new Date(Date.parse(launchedAt) + HOUR_MS / 2));
    expect(ledger).toMatchObject({ milliseconds: HOUR_MS / 2, usd: 1, hourlyUsd: 2, goodput: 0 });
  });

  test('of a run without nodes is empty', async () => {
    expect(await new Site().read()).toMatchObject({ milliseconds: 0, usd: 0, goodput: null, entries: [], nodes: [] });
  });

  test('names the record that cannot be read', async () => {
    const site = new Site();
    const { nodeId } = await site.launch();
    site.store.objects.set(nodeLedgerKeys.ready('k', nodeId), Buffer.from('{'));
    await expect(site.read()).rejects.toEqual(
      failure('InvalidData', new RegExp(`${nodeId}/ready.json is not what formwork wrote`)),
    );
  });

  test('of a provider that cannot be asked goes to the deadline at most', async () => {
    const site = new Site();
    await site.launch();
    const away = { describe: () => Promise.reject(new Failure('Unreachable', 'from the test')) };
    const [node] = (await site.read(new Date(Date.now() + 5 * HOUR_MS), away)).nodes;
    expect(node).toMatchObject({ endIsKnown: false });
    expect(node?.milliseconds).toBeLessThanOrEqual(HOUR_MS);
  });
});

test('a node that cannot reach the store works on, and only the end of a job waits for it', async () => {
  const site = new Site();
  const log = site.workLog(await site.launch());
  site.store.failWith(new Failure('StoreUnavailable', 'from the test'));
  const now = new Date();
  await log.ready(now, now);
  await log.renewed(now);
  await log.staged(now, now);
  await log.started(trainJob(), now);
  await log.seen(trainJob(), { startedAt: now.toISOString(), marks: [] });
  expect(site.warnings).toHaveLength(5);
  const end = { startedAt: now.toISOString(), ranksEndedAt: now.toISOString(), settledAt: now.toISOString(), kinds: [], marks: [] };
  await expect(log.ended(trainJob(), end)).rejects.toThrow('from the test');
});
