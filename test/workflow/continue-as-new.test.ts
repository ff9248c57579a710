import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { FollowCursor, FollowResult } from '../../src/contract/job.js';
import { roundWorkflowId } from '../../src/domain/names.js';
import { budgetsUsed } from '../../src/domain/incidents.js';
import { samplePlan } from './samples.js';
import { endedBy, failWith, followedWell, inTraining, isTraining, progressAt, trainingLeft } from './answers.js';
import { Scenario } from './scenario.js';
import { openWorkflowServer } from './workflow-server.js';

/** A real one suggests it after 4,096 events, which take days to come together. */
const SUGGESTED_AFTER = 60;

/** Many times what passes between two hand-backs of a follower that does nothing. */
const QUIET_MS = 1500;

let server: Awaited<ReturnType<typeof openWorkflowServer>>;
let scenario: Scenario;
beforeAll(async () => {
  server = await openWorkflowServer({ 'limit.historyCount.suggestContinueAsNew': SUGGESTED_AFTER });
});
afterAll(() => server.close());
afterEach(() => scenario.close());

const claimRun = trainingLeft(samplePlan());

/** How the executions of the round ended, in any order. */
async function executions(): Promise<string[]> {
  const found: string[] = [];
  const query = `WorkflowId = "${roundWorkflowId(scenario.runKey, 1, '0')}"`;
  for await (const { status } of scenario.client.workflow.list({ query })) found.push(status.name);
  return found;
}

it('a round continues as new beside ranks that train on: nothing is started or stopped, and each follower goes on where one was', async () => {
  const given = new Map<string, FollowCursor[]>();
  const handedBack = new Map<string, FollowCursor[]>();
  const of = (map: Map<string, FollowCursor[]>, node: string): FollowCursor[] => {
    if (!map.has(node)) map.set(node, []);
    return map.get(node) as FollowCursor[];
  };
  scenario = await Scenario.open(
    {
      control: { claimRun },
      node: {
        followRanks: async ({ jobId, cursor }): Promise<FollowResult> => {
          if (!isTraining(jobId)) return followedWell();
          const { Context } = await import('@temporalio/activity');
          const node = Context.current().info.taskQueue;
          of(given, node).push(cursor);
          const looks = of(given, node).length;
          if (looks > 24) return followedWell();
          const next = { offsets: { '0': looks } };
          of(handedBack, node).push(next);
          return { state: 'running', cursor: next, progress: progressAt(looks) };
        },
      },
    },
    server,
  );
  const handle = await scenario.start();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect((await executions()).filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  const started = scenario.calls.filter(({ name, input }) => name === 'startRanks' && inTraining(input as { jobId: string }));
  expect(started).toHaveLength(2);
  expect(scenario.count('stopRanks')).toBe(0);
  expect(given.size).toBe(2);
  for (const node of given.keys()) {
    const asked = [{ offsets: {} }, ...of(handedBack, node)];
    // Of two nodes one is done first, and says so again to the execution that follows the other one on.
    expect(of(given, node).slice(0, asked.length)).toEqual(asked);
    expect(
      of(given, node)
        .slice(asked.length)
        .every((cursor) => JSON.stringify(cursor) === JSON.stringify(asked.at(-1))),
    ).toBe(true);
  }
});

it('what ended a gang while its round continued as new is told as it was, not as the stop that followed', async () => {
  let looks = 0;
  let isStopped = false;
  let isFull = false;
  scenario = await Scenario.open(
    {
      control: { claimRun },
      node: {
        stopRanks: async () => void (isStopped = true),
        followRanks: async ({ jobId, cursor }): Promise<FollowResult> => {
          if (jobId !== 'round-0-t0') return followedWell();
          if (isStopped) return endedBy('Interrupted');
          const { Context } = await import('@temporalio/activity');
          if (Context.current().info.taskQueue.endsWith('-0-g1')) {
            looks += 1;
            return { state: 'running', cursor, progress: progressAt(looks) };
          }
          // The first node is followed again at once, until its round leaves: nothing else tells of that here.
          let seen: number;
          do {
            seen = looks;
            await delay(QUIET_MS);
          } while (seen === 0 || seen !== looks);
          isFull = true;
          return failWith('DiskFull');
        },
      },
    },
    server,
  );
  const handle = await scenario.start();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect(isFull).toBe(true);
  expect((await executions()).filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  expect(await scenario.incidents()).toMatchObject([{ kind: 'DiskFull', answer: 'again' }]);
});

it('a round of many faults continues as new, counts on, and stays small in the history of its run', async () => {
  const faults = 14;
  let killed = 0;
  const dead = new Map<string, FollowResult>();
  scenario = await Scenario.open(
    {
      control: { claimRun },
      node: {
        followRanks: async ({ jobId }) => {
          if (!isTraining(jobId)) return followedWell();
          if (!dead.has(jobId)) dead.set(jobId, (killed += 1) > faults ? followedWell() : endedBy('RankKilled'));
          return dead.get(jobId) as FollowResult;
        },
      },
    },
    server,
  );
  const handle = await scenario.start();
  expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  expect((await executions()).filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(2);
  expect(budgetsUsed(await scenario.incidents(), 'round-0')).toEqual({ RankKilled: faults });
  const { historyLength } = await handle.describe();
  // 30 faults are to stay below 3,000 events.
  expect(historyLength).toBeLessThan(faults * 100);
});
