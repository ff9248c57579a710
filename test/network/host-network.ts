import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killIfThere } from '../../src/platform/process/process-identity.js';

/** The two networks of a cluster: one that Temporal is reached by, one that ranks exchange gradients over. */
export type Link = 'control' | 'ranks';

const SUBNETS: Record<Link, string> = { control: '10.201.0', ranks: '10.202.0' };
const SERVER = `${SUBNETS.control}.1`;
/** Hosts are numbered from here, so that no address is the server's. */
const FIRST_HOST = 10;

const NAMES = /^fw-(\d+)-/;
/** A process that was killed leaves its namespace at once, unless it waits for a disk. */
const LEAVE_MS = 5_000;
const LOOK_MS = 50;
let numNetworks = 0;

/**
 * Hosts on one machine: a network namespace for the control plane, one for each host of a node, and one that stands for the switches.
 * Every host has two links, each an interface of its name, each with a subnet and a bridge of its own. Nothing of it can be reached
 * from, or reaches, the network of the machine.
 */
export class HostNetwork {
  private readonly prefix = `fw-${process.pid}-${(numNetworks += 1)}-`;
  /** By the numbers that the kernel knows namespaces by, also when they have lost their names. */
  private readonly inodes = new Set<number>();

  private constructor(private readonly hosts: readonly string[]) {}

  /** Why there can be none here, or null. */
  static refusal(): string | null {
    const probe = `fw-${process.pid}-probe`;
    try {
      ip('netns', 'add', probe);
      try {
        ip('-n', probe, 'link', 'add', 'bridge', 'type', 'bridge');
      } finally {
        ip('netns', 'delete', probe);
      }
      return null;
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
      if (code === 'ENOENT') return 'ip is missing (install iproute2)';
      return (stderr ?? String(error)).trim().replaceAll(/\s+/g, ' ');
    }
  }

  /** @param hosts names that end in the number of the node that they are for, e.g. `node-0` */
  static make(hosts: readonly string[]): HostNetwork {
    removeLeftOvers();
    const network = new HostNetwork(hosts);
    try {
      network.wire();
      return network;
    } catch (error) {
      network.delete();
      throw error;
    }
  }

  /** What a control plane is told whose nodes live on the hosts `<group>-<number>`. */
  environment(group: string): Record<string, string> {
    return {
      FORMWORK_SERVER_ADDRESS: SERVER,
      FORMWORK_NODE_LAUNCHER: ['ip', 'netns', 'exec', this.namespace(`${group}-{node}`)].join(' '),
      FORMWORK_RANK_INTERFACE: 'ranks' satisfies Link,
    };
  }

  /** A command line that runs on the host of the control plane. */
  onControl(command: readonly string[]): [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.namespace('control'), ...command];
  }

  address(link: Link, host: string): string {
    return `${SUBNETS[link]}.${FIRST_HOST + this.hosts.indexOf(host)}`;
  }

  /** Pulls the plug of each of these hosts at the switch: carrier is gone, connections stay open, nobody is told. */
  cut(link: Link, hosts: readonly string[]): void {
    for (const host of hosts) this.onSwitch('link', 'set', this.port(link, host), 'down');
  }

  mend(link: Link, hosts: readonly string[]): void {
    for (const host of hosts) this.onSwitch('link', 'set', this.port(link, host), 'up');
  }

  /** Ends what still runs inside, and leaves nothing behind. */
  async remove(): Promise<void> {
    const end = Date.now() + LEAVE_MS;
    while (this.all().some((name) => killInside(name) > 0) && Date.now() < end) await delay(LOOK_MS);
    this.delete();
  }

  /** Processes that run on its hosts, whoever started them. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry) && this.inodes.has(networkOf(entry)))
      .map(Number);
  }

  /** Names that iproute2 has of it. */
  namespaces(): string[] {
    const lines = ip('netns', 'list').split('\n');
    return lines.map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith(this.prefix));
  }

  private wire(): void {
    for (const name of this.all()) {
      ip('netns', 'add', name);
      this.inodes.add(statSync(join(FOLDER, name)).ino);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    for (const link of ['control', 'ranks'] as const) {
      this.onSwitch('link', 'add', `br-${link}`, 'type', 'bridge');
      this.onSwitch('link', 'set', `br-${link}`, 'up');
    }
    this.connect('control', 'control', 'server', SERVER);
    for (const host of this.hosts) {
      for (const link of ['control', 'ranks'] as const) this.connect(host, link, this.port(link, host), this.address(link, host));
    }
  }

  /** A cable from a host to the switch of the link; the host's end has the link's name. */
  private connect(host: string, link: Link, end: string, address: string): void {
    const name = this.namespace(host);
    this.onSwitch('link', 'add', end, 'type', 'veth', 'peer', 'name', link, 'netns', name);
    this.onSwitch('link', 'set', end, 'master', `br-${link}`, 'up');
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', link);
    ip('-n', name, 'link', 'set', link, 'up');
  }

  private onSwitch(...args: string[]): void {
    ip('-n', this.namespace('switch'), ...args);
  }

  /** The kernel allows 15 characters. */
  private port(link: Link, host: string): string {
    return `${link}-${this.hosts.indexOf(host)}`;
  }

  private namespace(host: string): string {
    return `${this.prefix}${host}`;
  }

  private all(): string[] {
    return ['switch', 'control', ...this.hosts].map((host) => this.namespace(host));
  }

  /** Interfaces and bridges go with the namespaces that they are in. */
  private delete(): void {
    const there = namespaces();
    for (const name of this.all().filter((one) => there.includes(one))) ip('netns', 'delete', name);
  }
}

/** Of tests that were killed, with the processes that they left inside. */
function removeLeftOvers(): void {
  for (const name of namespaces()) {
    const owner = NAMES.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    killInside(name);
    ip('netns', 'delete', name);
  }
}

function killInside(name: string): number {
  if (!namespaces().includes(name)) return 0;
  const pids = ip('netns', 'pids', name).split('\n').filter(Boolean).map(Number);
  for (const pid of pids) killIfThere(pid, 'SIGKILL');
  return pids.length;
}

/** Number of the network namespace of a process; 0: it has gone in between. */
function networkOf(pid: string): number {
  try {
    return Number(/^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const FOLDER = '/run/netns';
const namespaces = (): string[] => (existsSync(FOLDER) ? readdirSync(FOLDER) : []);

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
