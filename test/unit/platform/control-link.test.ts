import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlLink } from '../../../src/platform/network/control-link.js';
import { freePort } from '../../../src/platform/network/free-port.js';
import { eventually } from '../../fixtures/child-process.js';

/** Longer than any byte takes over loopback. */
const QUIET_MS = 300;

/** A server that sends back what it gets, and a link to it. */
async function echo(): Promise<ControlLink> {
  const server = createServer((socket) => socket.pipe(socket).on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = await ControlLink.open(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await link.close();
    server.close();
  });
  return link;
}

function call(link: ControlLink): { socket: Socket; got: () => string } {
  let text = '';
  const socket = connect(Number(link.address.split(':')[1]), '127.0.0.1').on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { socket, got: () => text };
}

describe('a control link', () => {
  test('carries megabytes both ways, in order', async () => {
    const { socket, got } = call(await echo());
    const text = Array.from({ length: 400_000 }, (_, number) => `${number},`).join('');
    socket.write(text);
    await eventually('all of it', () => Promise.resolve(got().length === text.length));
    expect(got()).toBe(text);
  });

  test('that is cut refuses and closes nothing and lets nothing through, and carries it all when it is mended', async () => {
    const link = await echo();
    const before = call(link);
    before.socket.write('one ');
    await eventually('the first word', () => Promise.resolve(before.got() === 'one '));
    link.cut();
    before.socket.write('two');
    const during = call(link);
    await once(during.socket, 'connect');
    during.socket.write('three');
    await delay(QUIET_MS);
    expect([before.got(), during.got()]).toEqual(['one ', '']);
    link.mend();
    await eventually('what was held back', () => Promise.resolve(before.got() === 'one two' && during.got() === 'three'));
  });

  test('to a server that is away ends each connection, as the server would have', async () => {
    const link = await ControlLink.open(`127.0.0.1:${await freePort(0, '127.0.0.1')}`);
    onTestFinished(() => link.close());
    const { socket } = call(link);
    await once(socket, 'close');
  });
});
