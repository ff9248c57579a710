// Records histories of each workflow and shape for the replay test: `npm run record-histories`, once a release, and on purpose
// when a change of order is meant. Files name the version that recorded them; those of earlier versions stay.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { CONTROL_QUEUE, RETRY_UPDATE, STOP_UPDATE } from '../../src/domain/names.js';
import { formworkVersion } from '../../src/platform/package-root.js';
import { openWorkflowServer } from '../workflow/workflow-server.js';
import { endedBy, followedWell, inTraining, isTraining, untilCancelled } from '../workflow/answers.js';
import { Scenario, type Answers } from '../workflow/scenario.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
mkdirSync(folder, { recursive: true });
const server = await openWorkflowServer();

await record('completed', {}, async ({ client }, { workflowId }) => {
  // Of no run, but found with this one.
  await client.workflow.execute('clusterSweep', { workflowId: `${workflowId}/sweep`, taskQueue: CONTROL_QUEUE });
  await client.workflow.execute('runRecovery', { workflowId: `${workflowId}/recovery`, taskQueue: CONTROL_QUEUE });
});

let killed = false;
await record('rank-killed', {
  node: {
    followRanks: async ({ jobId }) => {
      if (!isTraining(jobId) || killed) return followedWell();
      killed = true;
      return endedBy('RankKilled');
    },
  },
});

let lost = false;
let training = false;
await record('node-lost', {
  control: {
    watchNodes: async ({ nodeIds }) => {
      if (lost || !training) return untilCancelled();
      lost = true;
      return [{ nodeId: nodeIds[1] as string, evidence: 'the provider says so' }];
    },
  },
  node: {
    startRanks: async ({ jobId }) => {
      training = isTraining(jobId);
      return 'started';
    },
    followRanks: async ({ jobId }) => (isTraining(jobId) && !lost ? endedBy('LostPeer') : followedWell()),
  },
});

let helped = false;
await record(
  'out-of-memory',
  {
    node: {
      followRanks: async ({ jobId }) => (isTraining(jobId) && !helped ? endedBy('OutOfMemory') : followedWell()),
    },
  },
  async (scenario, handle) => {
    await scenario.status(handle, ({ parked }) => parked !== null);
    helped = true;
    await handle.executeUpdate(RETRY_UPDATE);
  },
);

let abandoned = false;
await record(
  'cancelled',
  {
    node: {
      stopRanks: async () => void (abandoned = true),
      followRanks: async ({ jobId }) => (isTraining(jobId) && !abandoned ? untilCancelled() : followedWell()),
    },
  },
  async (scenario, handle) => {
    await scenario.called('followRanks', inTraining);
    await handle.cancel();
  },
);

let stopped = false;
await record(
  'stopped',
  {
    node: {
      stopRanks: async () => void (stopped = true),
      followRanks: async ({ jobId }) => {
        if (!isTraining(jobId)) return followedWell();
        while (!stopped) await new Promise((resolve) => setTimeout(resolve, 50));
        return endedBy('Interrupted');
      },
    },
  },
  async (scenario, handle) => {
    await scenario.called('followRanks', inTraining);
    await handle.executeUpdate(STOP_UPDATE);
  },
);

await server.close();
process.exit(0);

async function record(
  shape: string,
  answers: Answers,
  during: (scenario: Scenario, handle: Awaited<ReturnType<Scenario['start']>>) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const scenario = await Scenario.open(answers, server);
  const handle = await scenario.start();
  await during(scenario, handle);
  await handle.result().catch(() => undefined);
  const seen = new Set<string>();
  // Newest first: of several rounds and evaluations the last, which is the one that the shape is about.
  for await (const { workflowId, type } of scenario.client.workflow.list({
    query: `WorkflowId STARTS_WITH "${handle.workflowId}"`,
  })) {
    if (seen.has(type)) continue;
    seen.add(type);
    const text = historyToJSON(await scenario.client.workflow.getHandle(workflowId).fetchHistory());
    // Replay asks no stack trace, and they hold paths of the machine that recorded them.
    const history = JSON.parse(text, (key, value: unknown) => (key === 'stackTrace' ? '' : value)) as unknown;
    const name = `${type}-${shape}-v${formworkVersion}.json`;
    writeFileSync(`${folder}${name}`, `${JSON.stringify({ workflowId, history })}\n`);
    process.stdout.write(`${name}\n`);
  }
  await scenario.close();
}
