import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HostNetwork } from './host-network.js';
import { PortForward } from './port-forward.js';

const refusal = HostNetwork.refusal();

/** Ends well when somebody at this address refuses a connection, which takes a host that is there. */
const KNOCK = `
const socket = require('node:net').connect({ host: process.argv[1], port: 9, timeout: 1000 });
socket.on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1)).on('timeout', () => process.exit(1));`;

/** Says its port, then the same to everybody who connects. */
const GREETER = `
const server = require('node:net').createServer((socket) => socket.end('greetings'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

describe.skipIf(refusal !== null)('a network of hosts', () => {
  let network: HostNetwork;
  afterEach(() => network.remove());

  const inside = (command: readonly string[]): ReturnType<typeof spawn> => {
    const [program, ...args] = network.onControl(command);
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const reaches = async (address: string): Promise<boolean> =>
    (await once(inside([process.execPath, '--eval', KNOCK, address]), 'close'))[0] === 0;

  it('is left without processes, names and addresses', async () => {
    network = HostNetwork.make(['node-0']);
    const sleeper = inside(['sleep', '600']);
    const ended = once(sleeper, 'close');
    await vi.waitFor(() => expect(network.processes()).toEqual([sleeper.pid]));
    expect(network.namespaces()).toHaveLength(3);

    await network.remove();
    expect((await ended)[1]).toBe('SIGKILL');
    expect(network.processes()).toEqual([]);
    expect(network.namespaces()).toEqual([]);
  });

  it('has a link cut and mended for one host alone', async () => {
    network = HostNetwork.make(['node-0', 'node-1']);
    const [first, second] = [network.address('control', 'node-0'), network.address('control', 'node-1')];
    network.cut('control', ['node-0']);
    expect(await Promise.all([reaches(first), reaches(second)])).toEqual([false, true]);
    network.mend('control', ['node-0']);
    expect(await reaches(first)).toBe(true);
  });

  it('has a port of its control plane forwarded to the machine that it is on', async () => {
    network = HostNetwork.make([]);
    const greeter = inside([process.execPath, '--eval', GREETER]);
    const [port] = (await once(greeter.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const forward = await PortForward.open(network, `127.0.0.1:${port.toString().trim()}`);
    expect(await text(connect(Number(forward.address.split(':')[1]), '127.0.0.1'))).toBe('greetings');
    await forward.close();
    expect(network.processes()).toEqual([greeter.pid]);
  });

  it('closes a forwarded port also when nobody listens behind it', async () => {
    network = HostNetwork.make([]);
    const forward = await PortForward.open(network, '127.0.0.1:9');
    expect(await text(connect(Number(forward.address.split(':')[1]), '127.0.0.1'))).toBe('');
    await forward.close();
    expect(network.processes()).toEqual([]);
  });
});
