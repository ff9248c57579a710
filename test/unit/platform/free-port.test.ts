import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/platform/network/free-port.js';
import { failure } from '../../fixtures/failure.js';

const HOST = '127.0.0.1';

async function listen(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, HOST, resolve));
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

describe('a free port', () => {
  test('is the wanted one where nobody listens, and is free again afterwards', async () => {
    const { server, port } = await listen();
    await new Promise((resolve) => server.close(resolve));
    expect(await freePort(port, HOST)).toBe(port);
    expect((await listen(port)).port).toBe(port);
  });

  test('is another one where somebody does', async () => {
    const { port } = await listen();
    const other = await freePort(port, HOST);
    expect(other).not.toBe(port);
    expect((await listen(other)).port).toBe(other);
  });

  test('of an address that is not of this machine is refused with the address', async () => {
    // TEST-NET-3 is set apart for documents; nobody has it.
    await expect(freePort(0, '203.0.113.7')).rejects.toEqual(
      failure(
        'EnvironmentNotReady',
        /no port can be opened on 203\.0\.113\.7 \(EADDRNOTAVAIL\); expected an address of this machine/,
      ),
    );
  });
});
