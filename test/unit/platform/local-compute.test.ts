import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ProviderNode } from '../../../src/contract/cluster.js';
import { leaseWorkflowId } from '../../../src/domain/names.js';
import { LocalCompute } from '../../../src/platform/compute/local-compute.js';
import { NODE_FOLDER_VARIABLE } from '../../../src/platform/compute/node-processes.js';
import { NodeFolder } from '../../../src/platform/compute/node-folder.js';
import type { LaunchRequest } from '../../../src/platform/compute/port.js';
import { LocalNode } from '../../../src/platform/node/local-node.js';
import { killIfThere, type ProcessIdentity } from '../../../src/platform/process/process-identity.js';
import { findByEnvironment } from '../../../src/platform/process/process-scan.js';
import { eventually } from '../../fixtures/child-process.js';
import { failure } from '../../fixtures/failure.js';
import { makeReadOnly, smallDisk } from '../../fixtures/small-disk.js';
import { temporaryFolder } from '../../fixtures/temporary-folder.js';

const HOST = fileURLToPath(new URL('../../stand-ins/node-host.mjs', import.meta.url));
let leases = 0;

/** A provider of the test that runs; whatever it has launched is gone after it. */
class Provider {
  readonly nodes: string;
  readonly compute: LocalCompute;
  /** Node ids follow from the lease, so each test has its own. */
  readonly lease = leaseWorkflowId(`test-${process.pid}-${(leases += 1)}`, 1, 1);

  constructor(behaviour = '', root = temporaryFolder(), launcher: string[] = []) {
    const mark = randomUUID();
    this.nodes = join(root, 'nodes');
    this.compute = new LocalCompute({
      nodes: this.nodes,
      launcher,
      host: [process.execPath, HOST],
      env: { PATH: process.env['PATH'], STAND_IN_HOST: behaviour, FORMWORK_TEST_MARK: mark },
    });
    onTestFinished(async () => {
      for (const { pid } of await findByEnvironment('FORMWORK_TEST_MARK', mark)) killIfThere(pid, 'SIGKILL');
    });
  }

  request(fields: Partial<LaunchRequest['tags']> = {}): LaunchRequest {
    return {
      tags: {
        installation: 'home',
        runKey: 'test',
        lease: this.lease,
        fence: 1,
        node: 0,
        generation: 1,
        leaseMinutes: 30,
        ...fields,
      },
      server: { address: '127.0.0.1:7233', namespace: 'default' },
      taskQueue: 'queue',
      deadline: new Date('2030-01-01T00:00:00.000Z'),
      pricePerHourUsd: 3.5,
    };
  }

  launch(fields: Partial<LaunchRequest['tags']> = {}): Promise<ProviderNode> {
    return this.compute.launch(this.request(fields));
  }

  async look(nodeId: string): Promise<ProviderNode | undefined> {
    return (await this.compute.describe([nodeId]))[0];
  }

  /** The host and what it has started: a shell and its two children, unless it breeds. */
  processes(nodeId: string): Promise<ProcessIdentity[]> {
    return findByEnvironment(NODE_FOLDER_VARIABLE, join(this.nodes, nodeId));
  }

  async host(nodeId: string): Promise<ProcessIdentity> {
    return eventually('the host', () => new NodeFolder(join(this.nodes, nodeId)).host());
  }

  async killHost(nodeId: string): Promise<void> {
    const { pid } = await this.host(nodeId);
    await eventually('its ranks', async () => (await this.processes(nodeId)).length >= 4);
    killIfThere(pid, 'SIGKILL');
    await eventually('the end of the host', async () => !(await this.processes(nodeId)).some((one) => one.pid === pid));
  }
}

describe('a launch', () => {
  test('starts the host by the launcher, in the place of its number', async () => {
    const provider = new Provider('', temporaryFolder(), ['/usr/bin/env', 'PLACE=host-{node}']);
    const { nodeId } = await provider.launch({ node: 1 });
    const { pid } = await provider.host(nodeId);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toContain('PLACE=host-1');
  });

  test('whose launcher fails is refused with the log that says why', async () => {
    const provider = new Provider('', temporaryFolder(), ['/usr/bin/env', 'false']);
    const { nodes, lease } = provider;
    const refused = await provider.launch().then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toEqual(failure('CapacityUnavailable', new RegExp(`did not start; its log is ${nodes}`)));
    expect(await provider.compute.list({ installation: 'home', lease })).toMatchObject([{ state: 'pending' }]);
  });

  test('gives a node that runs, with its tags and deadline', async () => {
    const provider = new Provider();
    const node = await provider.launch();
    expect(node).toMatchObject({ state: 'running', tags: provider.request().tags, deadline: '2030-01-01T00:00:00.000Z' });
    expect(await provider.compute.describe([node.nodeId])).toEqual([node]);
    expect(await provider.compute.list({ installation: 'home' })).toEqual([node]);
  });

  test('twice gives one node with one host', async () => {
    const provider = new Provider();
    const first = await provider.launch();
    const host = await provider.host(first.nodeId);
    expect(await provider.launch()).toEqual(first);
    expect(await provider.host(first.nodeId)).toEqual(host);
    expect(await provider.compute.list({ installation: 'home' })).toHaveLength(1);
  });

  test('of one node by several at once starts one host', async () => {
    const provider = new Provider();
    const nodes = await Promise.all(Array.from({ length: 5 }, () => provider.launch()));
    const [first] = nodes;
    for (const node of nodes) expect(node).toEqual(first);
    // The host, a shell, and its two children: no second host with its own.
    await eventually('its processes', async () => (await provider.processes(first?.nodeId ?? '')).length === 4);
  });

  test('of another place or generation gives another node', async () => {
    const provider = new Provider();
    const ids = [await provider.launch(), await provider.launch({ node: 1 }), await provider.launch({ generation: 2 })];
    expect(new Set(ids.map(({ nodeId }) => nodeId)).size).toBe(3);
  });

  test('whose host does not start says where its log is', async () => {
    const provider = new Provider('breaks');
    const refused = failure('CapacityUnavailable', /the host of node .* did not start; its log is .*host\.log/);
    await expect(provider.launch()).rejects.toEqual(refused);
    const [nodeId = ''] = readdirSync(provider.nodes);
    expect(readFileSync(join(provider.nodes, nodeId, 'logs', 'host.log'), 'utf8')).toBe('this host does not start\n');
    // Still the provider's to end: it was launched, and never answered.
    expect(await provider.look(nodeId)).toMatchObject({ state: 'pending' });
    await provider.compute.terminate([nodeId]);
    expect(await provider.compute.list({ installation: 'home' })).toEqual([]);
  });

  test('on a disk that cannot be written to is refused', async ({ skip }) => {
    const disk = smallDisk(1) ?? skip();
    makeReadOnly(disk);
    await expect(new Provider('', disk).launch()).rejects.toEqual(failure('EnvironmentNotReady', /no folder for node .*EROFS/));
  });
});

describe('the list', () => {
  test('has the nodes of one installation, and of one lease of it', async () => {
    const provider = new Provider();
    const other = leaseWorkflowId('other', 1, provider.lease.length);
    const [mine, otherLease] = [await provider.launch(), await provider.launch({ lease: `${other}-${process.pid}` })];
    await provider.launch({ node: 7, installation: 'elsewhere' });
    const ids = (nodes: ProviderNode[]): string[] => nodes.map(({ nodeId }) => nodeId).sort();
    expect(ids(await provider.compute.list({ installation: 'home' }))).toEqual(ids([mine, otherLease]));
    expect(ids(await provider.compute.list({ installation: 'home', lease: provider.lease }))).toEqual([mine.nodeId]);
    expect(await provider.compute.list({ installation: 'nobody' })).toEqual([]);
  });

  test('is empty before the first launch, and leaves out what is no node', async () => {
    const provider = new Provider();
    expect(await provider.compute.list({ installation: 'home' })).toEqual([]);
    mkdirSync(join(provider.nodes, 'folder'), { recursive: true });
    writeFileSync(join(provider.nodes, 'file'), '');
    expect(await provider.compute.list({ installation: 'home' })).toEqual([]);
    expect(await provider.compute.describe(['folder', 'file', 'nothing'])).toEqual([]);
  });

  test('that cannot be read is an error: an empty one would mean that all is given back', async () => {
    const provider = new Provider();
    writeFileSync(provider.nodes, 'no folder');
    await expect(provider.compute.list({ installation: 'home' })).rejects.toEqual(
      failure('Unreachable', /cannot be listed: ENOTDIR/),
    );
  });
});

describe('terminating', () => {
  test('asks the host, and leaves the record without the work', async () => {
    const provider = new Provider();
    const { nodeId } = await provider.launch();
    await provider.compute.terminate([nodeId]);
    expect(await provider.processes(nodeId)).toEqual([]);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'terminated' });
    expect(await provider.compute.list({ installation: 'home' })).toEqual([]);
    expect(existsSync(join(provider.nodes, nodeId, 'work'))).toBe(false);
    expect(await new NodeFolder(join(provider.nodes, nodeId)).terminated()).toMatchObject({ reason: 'asked to end' });
  });

  test('again, or of a node that never was, is no error', async () => {
    const provider = new Provider();
    const { nodeId } = await provider.launch();
    await provider.compute.terminate([nodeId, nodeId]);
    await provider.compute.terminate([nodeId, 'never-launched']);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'terminated' });
    expect(existsSync(join(provider.nodes, 'never-launched'))).toBe(false);
  });

  test('is for good: a late launch finds the node ended and starts nothing', async () => {
    const provider = new Provider();
    const { nodeId } = await provider.launch();
    await provider.compute.terminate([nodeId]);
    expect(await provider.launch()).toMatchObject({ nodeId, state: 'terminated' });
    expect(await provider.processes(nodeId)).toEqual([]);
  });

  test('kills everything that carries its folder after the host was killed', async () => {
    const provider = new Provider();
    const { nodeId } = await provider.launch();
    await provider.killHost(nodeId);
    expect(await provider.processes(nodeId)).toHaveLength(3);
    await provider.compute.terminate([nodeId]);
    expect(await provider.processes(nodeId)).toEqual([]);
    expect(await new NodeFolder(join(provider.nodes, nodeId)).terminated()).toMatchObject({ reason: 'ended by the provider' });
  });

  test('touches nothing of a node with the same tags in another home', async () => {
    const [own, other] = [new Provider(), new Provider()];
    const { nodeId } = await own.launch();
    const there = await other.launch({ lease: own.lease });
    expect(there.nodeId).toBe(nodeId);
    await other.killHost(nodeId);
    const before = await other.processes(nodeId);
    await own.compute.terminate([nodeId]);
    expect(await other.processes(nodeId)).toEqual(before);
    expect(before).toHaveLength(3);
  });

  test('kills also what goes on starting processes', async () => {
    const provider = new Provider('breeds');
    const { nodeId } = await provider.launch();
    await provider.killHost(nodeId);
    await provider.compute.terminate([nodeId]);
    expect(await provider.processes(nodeId)).toEqual([]);
  });

  test('cuts the power of a host that does not end when asked', async () => {
    const provider = new Provider('ignores SIGTERM');
    const { nodeId } = await provider.launch();
    await provider.compute.terminate([nodeId]);
    expect(await provider.processes(nodeId)).toEqual([]);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'terminated' });
  });

  test('leaves the other nodes alone', async () => {
    const provider = new Provider();
    const [one, other] = [await provider.launch(), await provider.launch({ node: 1 })];
    await provider.compute.terminate([one.nodeId]);
    expect(await provider.look(other.nodeId)).toEqual(other);
  });
});

describe('a node whose host is gone', () => {
  test('runs, and is listed, for as long as anything of it does', async () => {
    const provider = new Provider();
    const { nodeId } = await provider.launch();
    await provider.killHost(nodeId);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'running' });
    expect(await provider.compute.list({ installation: 'home' })).toHaveLength(1);
    for (const { pid } of await provider.processes(nodeId)) killIfThere(pid, 'SIGKILL');
    await eventually('the end of its processes', async () => (await provider.processes(nodeId)).length === 0);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'terminated' });
  });

  test('runs although it said farewell, where it left ranks behind', async () => {
    const provider = new Provider('forgets its ranks');
    const { nodeId } = await provider.launch();
    killIfThere((await provider.host(nodeId)).pid, 'SIGTERM');
    await eventually('its farewell', () => new NodeFolder(join(provider.nodes, nodeId)).terminated());
    await eventually('the end of the host', async () => (await provider.processes(nodeId)).length === 3);
    expect(await provider.look(nodeId)).toMatchObject({ state: 'running' });
    await provider.compute.terminate([nodeId]);
    expect(await provider.compute.list({ installation: 'home' })).toEqual([]);
    expect(await provider.processes(nodeId)).toEqual([]);
  });
});

test('a renewal moves the deadline that the provider shows', async () => {
  const provider = new Provider();
  const { nodeId } = await provider.launch();
  const self = new LocalNode(new NodeFolder(join(provider.nodes, nodeId)), { rankAddress: '127.0.0.1', rankInterface: 'lo' });
  await self.renew(new Date('2031-01-01T00:00:00.000Z'));
  expect(await provider.look(nodeId)).toMatchObject({ deadline: '2031-01-01T00:00:00.000Z' });
});

test('a node knows itself: addresses as given, sizes of this machine, a port that is free', async () => {
  const folder = temporaryFolder();
  const self = new LocalNode(new NodeFolder(folder), { rankAddress: '127.0.0.1', rankInterface: 'lo' });
  expect(await self.facts()).toMatchObject({ rankAddress: '127.0.0.1', rankInterface: 'lo' });
  expect((await self.facts()).freeDiskBytes).toBeGreaterThan(0);
  expect(await self.pickPort()).toBeGreaterThan(1024);
  rmSync(folder, { recursive: true });
  await expect(self.facts()).rejects.toThrow(/ENOENT/);
});
