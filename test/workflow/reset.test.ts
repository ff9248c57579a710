import { afterEach, describe, expect, it } from 'vitest';
import { endEarlier } from '../../activities/run/end-earlier.js';
import { leaseWorkflowId, roundWorkflowId } from '../../src/domain/names.js';
import { TemporalRunDirectory } from '../../src/platform/temporal/run-directory.js';
import { resetWorkflow } from '../../src/platform/temporal/reset-workflow.js';
import { samplePlan } from './samples.js';
import { followedWell, inTraining, isTraining, untilCancelled } from './answers.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
afterEach(() => scenario.close());

describe('a run that is reset to its beginning in the middle of training', () => {
  it('ends the ranks and machines of its earlier execution, takes others, and completes', async () => {
    const executions = new Set<string>();
    scenario = await Scenario.open({
      control: {
        claimRun: async ({ runKey, runId }) => {
          // The scenario asks for the plan without one.
          if (runId !== '') executions.add(runId);
          await endEarlier(new TemporalRunDirectory(scenario.client), runKey, executions.size);
          return { fence: executions.size, plan: samplePlan(), finished: {} };
        },
      },
      node: {
        followRanks: ({ jobId }) =>
          isTraining(jobId) && executions.size === 1 ? untilCancelled() : Promise.resolve(followedWell()),
      },
    });
    const { client, runKey } = scenario;
    const run = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await resetWorkflow(client, run, { to: 'first', reason: 'a test' });
    const left = [leaseWorkflowId(runKey, 1, 1), roundWorkflowId(runKey, 1, '0')].map((id) => client.workflow.getHandle(id));
    for (const one of left) await expect(one.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await client.workflow.getHandle(run.workflowId).result()).toMatchObject({ outcome: 'completed' });
    const ended = scenario.calls
      .filter(({ name }) => name === 'terminateNodes')
      .map(({ input }) => (input as { leaseId: string }).leaseId);
    expect(ended.sort()).toEqual([leaseWorkflowId(runKey, 1, 1), leaseWorkflowId(runKey, 2, 1)]);
    // The word of ranks that were stopped with it is not taken for a failure of its own.
    expect(await client.workflow.getHandle(run.workflowId).query('status')).toMatchObject({ lastFailure: null });
  });
});
