import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { WorkerVersion } from '../../src/platform/environment.js';
import { endedBy, followedWell, inTraining, isTraining, trainingLeft } from './answers.js';
import { samplePlan } from './samples.js';
import { Scenario } from './scenario.js';
import { openWorkflowServer } from './workflow-server.js';

// A server of its own: the current version is one for all who poll its queue.
let server: Awaited<ReturnType<typeof openWorkflowServer>>;
let scenario: Scenario;
beforeAll(async () => {
  server = await openWorkflowServer();
});
afterEach(() => scenario.close());
afterAll(() => server.close());

/** Waits until the server has seen a worker of the version. */
async function makeCurrent({ deploymentName, buildId }: WorkerVersion): Promise<void> {
  const { workflowService } = scenario.client;
  for (;;) {
    const made = await workflowService
      .setWorkerDeploymentCurrentVersion({ namespace: 'default', deploymentName, buildId, identity: 'test' })
      .catch(() => null);
    if (made !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const buildOf = async (handle: WorkflowHandle): Promise<string | null | undefined> =>
  (await handle.describe()).raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;

it.each([
  ['moves to the newer version when that is current', 'AUTO_UPGRADE', '2'],
  ['stays with the version that began it where that is asked for', 'PINNED', '1'],
] as const)('a run %s', async (_, behavior, last) => {
  const version = (buildId: string): WorkerVersion => ({ deploymentName: `formwork-${behavior}`, buildId, behavior });
  let isMended = false;
  const answers = {
    control: { claimRun: trainingLeft(samplePlan()) },
    node: {
      followRanks: async ({ jobId }: { jobId: string }) => {
        const hasWaited = isTraining(jobId) && !isMended;
        while (isTraining(jobId) && !isMended) await new Promise((resolve) => setTimeout(resolve, 50));
        return hasWaited ? endedBy('RankKilled') : followedWell();
      },
    },
  };
  scenario = await Scenario.open(answers, { ...server, version: version('1') });
  await makeCurrent(version('1'));
  const handle = await scenario.start();
  await scenario.called('followRanks', inTraining);
  expect(await buildOf(handle)).toBe('1');
  await scenario.addControlWorker(version('2'));
  await makeCurrent(version('2'));
  isMended = true;
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect(await buildOf(handle)).toBe(last);
});
