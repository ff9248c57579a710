import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex, pipeline } from 'node:stream';
import type { HostNetwork } from './host-network.js';

/** Joins standard input and output to an address. A connection that fails is closed, as by any proxy. */
const JOIN = `
const [port, host] = process.argv.slice(1);
const socket = require('node:net').connect(Number(port), host, () => process.stdin.pipe(socket).pipe(process.stdout));
socket.on('error', () => undefined).on('close', () => process.exit());`;

/** A port on the loopback of this machine for a server on the host of the control plane: a process inside for each connection. */
export class PortForward {
  private readonly children = new Set<ChildProcess>();
  private readonly server: Server;

  private constructor(
    private readonly network: HostNetwork,
    private readonly to: string,
  ) {
    this.server = createServer((socket) => this.join(socket));
  }

  /** @param to `address:port`, as seen from inside */
  static async open(network: HostNetwork, to: string): Promise<PortForward> {
    const forward = new PortForward(network, to);
    forward.server.listen(0, '127.0.0.1');
    await once(forward.server, 'listening');
    return forward;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Also its connections. May be called again. */
  async close(): Promise<void> {
    this.server.close();
    await Promise.all(
      [...this.children].map(async (child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
  }

  private join(socket: Socket): void {
    const [host = '', port = ''] = this.to.split(':');
    const [command, ...args] = this.network.onControl([process.execPath, '--eval', JOIN, port, host]);
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.add(child);
    // Not `close`, which waits for output that nobody reads any more.
    child.once('exit', () => this.children.delete(child));
    pipeline(socket, Duplex.from({ readable: child.stdout, writable: child.stdin }), socket, () => {
      socket.destroy();
      child.kill('SIGKILL');
    });
  }
}
