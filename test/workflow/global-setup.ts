import type { TestProject } from 'vitest/node';
import { openWorkflowServer } from './workflow-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    serverAddress: string;
    bundlePath: string;
  }
}

/** One real server and one bundle for all workflow tests; each test has workflow ids of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openWorkflowServer();
  project.provide('serverAddress', server.address);
  project.provide('bundlePath', server.bundlePath);
  return server.close;
}
