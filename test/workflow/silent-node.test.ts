import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchNodesInput } from '../../activities/cluster/launch-nodes.js';
import type { FollowResult } from '../../src/contract/job.js';
import { roundWorkflowId, STOP_UPDATE } from '../../src/domain/names.js';
import { samplePlan } from './samples.js';
import { endedBy, followedWell, inTraining, isTraining, trainingLeft } from './answers.js';
import { Scenario } from './scenario.js';
import { openWorkflowServer } from './workflow-server.js';

// Node 1 is silent: nobody takes anything from its queue. Its machine, and its ranks, may live.

let server: Awaited<ReturnType<typeof openWorkflowServer>>;
let scenario: Scenario;
beforeAll(async () => {
  server = await openWorkflowServer({}, [fileURLToPath(new URL('./short-waits.ts', import.meta.url))]);
});
afterAll(() => server.close());
afterEach(() => scenario.close());

/** The first gang of two nodes: ranks of node 0 end when the test says how, those of node 1 are followed until they are stopped. */
class FirstGang {
  private readonly ends: (FollowResult | null)[] = [null, null];

  /** In training, with node 1 silent. */
  async begin(): Promise<WorkflowHandle> {
    scenario = await Scenario.open(
      { control: { claimRun: trainingLeft(samplePlan()) }, node: { followRanks: (input) => this.follow(input) } },
      server,
    );
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await scenario.silence(1);
    return handle;
  }

  /** Node 1 is heard of again. */
  async comeBack(): Promise<void> {
    const { input } = scenario.calls.find(({ name }) => name === 'launchNodes') as { input: unknown };
    await scenario.addNode((input as LaunchNodesInput).leaseId, 1, 1);
  }

  end(node: 0 | 1, result: FollowResult): void {
    this.ends[node] = result;
  }

  private async follow({ jobId }: { jobId: string }): Promise<FollowResult> {
    if (!isTraining(jobId) || jobId !== 'round-0-t0') return followedWell();
    const { Context } = await import('@temporalio/activity');
    const context = Context.current();
    const isStopped = (): FollowResult | null => (scenario.count('stopRanks') === 0 ? null : endedBy('Interrupted'));
    const end = (): FollowResult | null =>
      /-1-g\d+$/.test(context.info.taskQueue) ? (this.ends[1] ?? isStopped()) : (this.ends[0] ?? null);
    for (;;) {
      const result = end();
      if (result !== null) return result;
      context.heartbeat();
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), context.cancelled]);
    }
  }
}

/** How often the server has given up waiting for somebody to follow. */
async function unanswered(): Promise<number> {
  const { events } = await scenario.client.workflow.getHandle(roundWorkflowId(scenario.runKey, 1, '0')).fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskTimedOutEventAttributes != null).length;
}

async function untilUnanswered(times: number): Promise<void> {
  while ((await unanswered()) < times) await new Promise((resolve) => setTimeout(resolve, 100));
}

const launched = (): LaunchNodesInput['nodes'] =>
  scenario.calls.filter(({ name }) => name === 'launchNodes').flatMap(({ input }) => (input as LaunchNodesInput).nodes);

const gangs = (): number => scenario.count('openTrajectory');

describe('a node that does not answer', () => {
  it('is waited for while its gang may train, and given up and replaced a while after the gang has failed', async () => {
    const gang = new FirstGang();
    const handle = await gang.begin();
    // Far more often than a gang that has failed waits.
    await untilUnanswered(6);
    expect([launched().length, gangs(), scenario.count('stopRanks')]).toEqual([2, 1, 0]);
    gang.end(0, endedBy('Hang'));
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(launched().slice(2)).toEqual([{ node: 1, generation: 2 }]);
    expect(scenario.calls.find(({ name }) => name === 'terminateNodes')?.input).toMatchObject({ nodeIds: ['node-1-g1'] });
    expect(gangs()).toBe(2);
    expect(await scenario.incidents()).toMatchObject([
      { kind: 'Hang', message: expect.stringMatching(/from the test.*; node 1 has not answered/) as string },
    ]);
  });

  it('is waited for where the others have ended well: its ranks have too, and nothing is trained again', async () => {
    const gang = new FirstGang();
    const handle = await gang.begin();
    gang.end(0, followedWell());
    gang.end(1, followedWell());
    await untilUnanswered(6);
    await gang.comeBack();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect([launched().length, gangs(), scenario.count('stopRanks')]).toEqual([2, 1, 0]);
    expect(await scenario.incidents()).toEqual([]);
  });

  it('does not keep a run from being stopped', async () => {
    const gang = new FirstGang();
    const handle = await gang.begin();
    await handle.executeUpdate(STOP_UPDATE);
    await scenario.called('stopRanks');
    gang.end(0, endedBy('Interrupted'));
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
    expect(launched()).toHaveLength(2);
  });

  it('and comes back in time is stopped and kept', async () => {
    const gang = new FirstGang();
    const handle = await gang.begin();
    await untilUnanswered(1);
    gang.end(0, endedBy('RankKilled'));
    await gang.comeBack();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(launched()).toHaveLength(2);
    expect(scenario.calls.filter(({ name }) => name === 'stopRanks').map(({ queue }) => queue)).toEqual([
      expect.stringMatching(/-1-g1$/),
    ]);
    expect(await scenario.incidents()).toMatchObject([{ kind: 'RankKilled' }]);
  });
});
