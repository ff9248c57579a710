import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { Home } from '../../src/platform/home/home.js';
import { connectClient, plainServer } from '../../src/platform/temporal/connection.js';
import { startEmbeddedServer, stopEmbeddedServer } from '../../src/platform/temporal/embedded-server.js';
import { ensureSearchAttributes } from '../../src/platform/temporal/search-attributes.js';
import { findServerBinary } from '../../src/platform/temporal/server-binary.js';
import type { Place } from './scenario.js';

/** A real server in a folder of its own, and a bundle of the workflows as they are now, with these modules of interceptors. */
export async function openWorkflowServer(
  settings: Record<string, number> = {},
  interceptors: readonly string[] = [],
): Promise<Place & { close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'formwork-workflow-test-'));
  const binary = await findServerBinary(new Home(process.env['FORMWORK_HOME'] ?? '.formwork'), process.env);
  if (binary === null) throw new Error('no temporal program: run npm test, which installs one, or put it on PATH');
  const server = await startEmbeddedServer({ binary, folder, preferred: { port: 0, uiPort: 0 }, settings, env: process.env });
  const client = await connectClient(plainServer(server.address, 'default'));
  await ensureSearchAttributes(client);
  await client.connection.close();
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules: [...interceptors],
    logger: new DefaultLogger('WARN'),
  });
  const bundlePath = join(folder, 'workflow-bundle.js');
  writeFileSync(bundlePath, code);
  return {
    address: server.address,
    bundlePath,
    close: async () => {
      await stopEmbeddedServer(server.process);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
