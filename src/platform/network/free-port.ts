import { createServer, type AddressInfo } from 'node:net';

/** `wanted` when nobody listens there on this address, else a port that the system gives. */
export async function freePort(wanted: number, host: string): Promise<number> {
  return (await tryPort(wanted, host)) ?? ((await tryPort(0, host)) as number);
}

async function tryPort(port: number, host: string): Promise<number | null> {
  const server = createServer();
  try {
    return await new Promise<number | null>((resolve) => {
      server.once('error', () => resolve(null));
      server.listen({ port, host, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
    });
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
