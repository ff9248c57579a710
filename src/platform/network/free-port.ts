import { createServer, type AddressInfo } from 'node:net';
import { Failure } from '../../domain/failures.js';

/**
 * `wanted` when nobody listens there on this address, else a port that the system gives.
 * @throws Failure EnvironmentNotReady when no port can be opened on the address at all.
 */
export async function freePort(wanted: number, host: string): Promise<number> {
  const first = await tryPort(wanted, host);
  const port = typeof first === 'number' ? first : await tryPort(0, host);
  if (typeof port === 'number') return port;
  throw new Failure(
    'EnvironmentNotReady',
    `no port can be opened on ${host} (${port.code ?? port.message}); expected an address of this machine`,
    { host },
    { cause: port },
  );
}

async function tryPort(port: number, host: string): Promise<number | NodeJS.ErrnoException> {
  const server = createServer();
  try {
    return await new Promise((resolve) => {
      server.once('error', resolve);
      server.listen({ port, host, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
    });
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
