import proto from '@temporalio/proto';
import type { Client } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { Home } from '../../src/platform/home/home.js';
import { connectClient, plainServer } from '../../src/platform/temporal/connection.js';
import { startEmbeddedServer, stopEmbeddedServer } from '../../src/platform/temporal/embedded-server.js';
import { ensureRetention } from '../../src/platform/temporal/retention.js';
import { findServerBinary } from '../../src/platform/temporal/server-binary.js';
import { temporaryFolder } from '../fixtures/temporary-folder.js';

const DAY = 24 * 60 * 60;

/** A server on the file of this folder, for as long as `act` takes. */
async function withServer<T>(folder: string, act: (client: Client) => Promise<T>): Promise<T> {
  const binary = await findServerBinary(new Home(process.env['FORMWORK_HOME'] ?? '.formwork'), process.env);
  if (binary === null) throw new Error('no temporal program: run npm test, which installs one, or put it on PATH');
  const server = await startEmbeddedServer({ binary, folder, preferred: { port: 0, uiPort: 0 }, env: process.env });
  onTestFinished(() => stopEmbeddedServer(server.process));
  const client = await connectClient(plainServer(server.address, 'default'));
  try {
    return await act(client);
  } finally {
    await client.connection.close();
    await stopEmbeddedServer(server.process);
  }
}

async function retentionDays(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
  return Number(config?.workflowExecutionRetentionTtl?.seconds) / DAY;
}

test('the file of a server that remembered for a day remembers for more than a month, from the next start on', async () => {
  const folder = temporaryFolder();
  expect(await withServer(folder, retentionDays)).toBe(1);
  await withServer(folder, ensureRetention);
  expect(await withServer(folder, retentionDays)).toBeGreaterThan(31);
});

test('what a person has set to more stays', async () => {
  const days = await withServer(temporaryFolder(), async (client) => {
    const workflowExecutionRetentionTtl = proto.google.protobuf.Duration.fromObject({ seconds: 400 * DAY });
    await client.workflowService.updateNamespace({ namespace: 'default', config: { workflowExecutionRetentionTtl } });
    await ensureRetention(client);
    return retentionDays(client);
  });
  expect(days).toBe(400);
});
