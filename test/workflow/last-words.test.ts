import { afterEach, describe, expect, it } from 'vitest';
import type { FollowResult } from '../../src/contract/job.js';
import type { FailureKind } from '../../src/contract/kinds.js';
import { STOP_UPDATE } from '../../src/domain/names.js';
import { endedBy, failWith, followedWell, inTraining, isTraining } from './answers.js';
import { Scenario, type Answers } from './scenario.js';

// A follower returns once the last line of its ranks is in the store. So a node may go when every follower has returned after
// its ranks were stopped, and not before.

let scenario: Scenario;
afterEach(async () => {
  await scenario.close();
});

/** What happened on each node's queue and to its machine, in order: ranks started, stopped, last words stored, machine ended. */
class Record {
  readonly events: string[] = [];
  private readonly stopped = new Set<string>();
  private isOver = false;

  /** The run's training never ends by itself; other jobs do at once, unless the test holds one. */
  answers(holds: (jobId: string) => boolean): Answers {
    const queueOf = async (): Promise<string> => (await import('@temporalio/activity')).Context.current().info.taskQueue;
    return {
      control: {
        terminateNodes: async () => {
          if (!this.isOver) this.events.push('machines ended');
          this.isOver = true;
          return { terminated: [] };
        },
      },
      node: {
        stopRanks: async ({ jobId }) => {
          this.stopped.add(`${await queueOf()} ${jobId}`);
          this.events.push(`stopped ${short(await queueOf())}`);
        },
        followRanks: async ({ jobId }) => {
          if (!holds(jobId)) return followedWell();
          const queue = await queueOf();
          if (!this.stopped.has(`${queue} ${jobId}`))
            return untilCancelledOr(() => this.stopped.has(`${queue} ${jobId}`), this.ended(queue));
          return this.ended(queue)();
        },
      },
    };
  }

  private ended(queue: string): () => ReturnType<typeof lastWords> {
    return async () => {
      const end = await lastWords();
      this.events.push(`stored ${short(queue)}`);
      return end;
    };
  }
}

type Follow = NonNullable<NonNullable<Answers['node']>['followRanks']>;

const short = (queue: string): string => `node ${/-(\d+)-g\d+$/.exec(queue)?.[1] ?? queue}`;

/** Shipping the last lines takes a while. */
async function lastWords(): Promise<FollowResult> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  return endedBy('Interrupted');
}

async function untilCancelledOr<T>(isStopped: () => boolean, end: () => Promise<T>): Promise<T> {
  const { Context } = await import('@temporalio/activity');
  const context = Context.current();
  while (!isStopped()) {
    context.heartbeat();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), context.cancelled]);
  }
  return end();
}

/** The first following that is meant fails; the ranks run on. */
function withOneLost(answers: Answers, kind: FailureKind, isMeant: (jobId: string, node: string) => boolean): Answers {
  const followRanks = answers.node?.followRanks as Follow;
  let isLost = false;
  const lost: Follow = async (input) => {
    const node = short((await import('@temporalio/activity')).Context.current().info.taskQueue);
    if (isLost || !isMeant(input.jobId, node)) return followRanks(input);
    isLost = true;
    return failWith(kind);
  };
  return { ...answers, node: { ...answers.node, followRanks: lost } };
}

describe('the logs of every rank are in the store before its node is given back', () => {
  const expectOrder = (record: Record, nodes: readonly string[]): void => {
    const at = (event: string): number => record.events.indexOf(event);
    for (const node of nodes) {
      expect(at(`stopped ${node}`), record.events.join(', ')).toBeGreaterThanOrEqual(0);
      expect(at(`stored ${node}`), record.events.join(', ')).toBeGreaterThan(at(`stopped ${node}`));
      expect(at('machines ended'), record.events.join(', ')).toBeGreaterThan(at(`stored ${node}`));
    }
  };

  it('when a run is cancelled in training', async () => {
    const record = new Record();
    scenario = await Scenario.open(record.answers(isTraining));
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expectOrder(record, ['node 0', 'node 1']);
  });

  it('when a run is stopped after a checkpoint', async () => {
    const record = new Record();
    scenario = await Scenario.open(record.answers(isTraining));
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.executeUpdate(STOP_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
    expectOrder(record, ['node 0', 'node 1']);
  });

  it('when a run is cancelled in a job of one node, and in an evaluation', async () => {
    for (const isHeld of [(jobId: string) => jobId === 'tokens', (jobId: string) => jobId.startsWith('evaluation-baseline')]) {
      const record = new Record();
      scenario = await Scenario.open(record.answers(isHeld));
      const handle = await scenario.start();
      await scenario.called('followRanks', ({ jobId }: { jobId: string }) => isHeld(jobId));
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow();
      expectOrder(record, ['node 0']);
      await scenario.close();
    }
    scenario = await Scenario.open();
  });

  it('when a run fails because a rank of another node did', async () => {
    const record = new Record();
    const answers = record.answers(isTraining);
    const { followRanks } = answers.node ?? {};
    scenario = await Scenario.open({
      ...answers,
      node: {
        ...answers.node,
        followRanks: async (input) => {
          const { info } = (await import('@temporalio/activity')).Context.current();
          const isFirst = short(info.taskQueue) === 'node 0';
          if (!isTraining(input.jobId) || !isFirst) return (followRanks as NonNullable<typeof followRanks>)(input);
          return endedBy('InvalidData');
        },
      },
    });
    await expect((await scenario.start()).result()).rejects.toThrow();
    expectOrder(record, ['node 1']);
  });

  it('when a gang could not be started on every node', async () => {
    const record = new Record();
    const answers = record.answers(isTraining);
    scenario = await Scenario.open({
      ...answers,
      node: {
        ...answers.node,
        startRanks: async ({ jobId }) => {
          const { info } = (await import('@temporalio/activity')).Context.current();
          if (!isTraining(jobId)) return 'started';
          if (short(info.taskQueue) === 'node 1') return failWith('InvalidData', 'from the test');
          // It is under way when the other one has failed.
          await new Promise((resolve) => setTimeout(resolve, 500));
          record.events.push('started node 0');
          return 'started';
        },
      },
    });
    await expect((await scenario.start()).result()).rejects.toThrow();
    expectOrder(record, ['node 0']);
    expect(record.events.indexOf('stopped node 0')).toBeGreaterThan(record.events.indexOf('started node 0'));
  });

  it('when the ranks of one node in training could not be followed, which run on', async () => {
    const record = new Record();
    const isSecondNode = (jobId: string, node: string): boolean => isTraining(jobId) && node === 'node 1';
    scenario = await Scenario.open(withOneLost(record.answers(isTraining), 'InvalidData', isSecondNode));
    await expect((await scenario.start()).result()).rejects.toThrow();
    expectOrder(record, ['node 0', 'node 1']);
  });

  it('when a job of one node could not be followed to its end', async () => {
    const record = new Record();
    const answers = record.answers((jobId) => jobId.startsWith('tokens') && !jobId.endsWith('-a2'));
    scenario = await Scenario.open(withOneLost(answers, 'RunnerCrashed', (jobId) => jobId === 'tokens'));
    await (await scenario.start()).result();
    expectOrder(record, ['node 0']);
  });
});
