import type { WorkerVersion } from '../environment.js';

interface DeploymentOptions {
  workerDeploymentOptions: {
    version: { deploymentName: string; buildId: string };
    useWorkerVersioning: true;
    defaultVersioningBehavior: WorkerVersion['behavior'];
  };
}

/** Options of a worker that polls as this version. null: of one that is not versioned. */
export function workerDeployment(version: WorkerVersion | null): DeploymentOptions | Record<string, never> {
  if (version === null) return {};
  const { behavior, ...own } = version;
  return { workerDeploymentOptions: { version: own, useWorkerVersioning: true, defaultVersioningBehavior: behavior } };
}
