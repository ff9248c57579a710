import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../activities/run/claim-run.js';
import type { RunStatus } from '../../src/contract/run.js';
import type { SpendVerdict } from '../../src/domain/spend-cap.js';
import { RAISE_UPDATE } from '../../src/domain/names.js';
import { endedBy, failWith, followedWell, trainingLeft, untilCancelled } from './answers.js';
import { samplePlan } from './samples.js';
import { Scenario, type Answers } from './scenario.js';

let scenario: Scenario;
afterEach(() => scenario.close());

const plan = samplePlan({ maxSpendUsd: 5 });
const everything = (): Promise<Claim> => Promise.resolve({ fence: 1, plan, finished: {} });
const over = { isOver: true, message: '5.01 USD are spent, of 5.00 USD of maxSpendUsd' } as const satisfies SpendVerdict;

/** A run that has spent all it may as soon as `isSpent` holds, and is asked for that at once. */
function spending(isSpent: () => boolean, answers: Answers = {}): Answers {
  let raised = false;
  return {
    control: {
      claimRun: everything,
      raiseCaps: async () => void (raised = true),
      judgeSpend: async () => (isSpent() && !raised ? over : { isOver: false, againAfterSeconds: 0.1 }),
      ...answers.control,
    },
    node: { ...answers.node },
  };
}

const parked = (handle: WorkflowHandle): Promise<RunStatus> => scenario.status(handle, (status) => status.parked !== null);

const refusal = async (handle: WorkflowHandle, raise: unknown): Promise<string> => {
  const error: unknown = await handle.executeUpdate(RAISE_UPDATE, { args: [raise] }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return (error as WorkflowUpdateFailedError).cause?.message ?? '';
};

describe('a run that has spent what it may', () => {
  it('in training: its ranks write a checkpoint, its machines are given back, it parks, and goes on when the cap is raised', async () => {
    scenario = await Scenario.open(
      spending(() => scenario.count('followRanks') > 0, {
        control: { claimRun: trainingLeft(plan) },
        node: {
          followRanks: async ({ jobId }) => {
            if (jobId !== 'round-0-t0') return followedWell();
            await scenario.called('stopRanks');
            return endedBy('Interrupted');
          },
        },
      }),
    );
    const handle = await scenario.start();
    const status = await parked(handle);
    expect(status).toMatchObject({
      stage: 'train',
      lastFailure: { kind: 'BudgetExceeded', message: over.message },
    });
    expect(status.parked?.nodesReleasedAt).toBe(status.parked?.since);
    expect(scenario.calls.find(({ name }) => name === 'stopRanks')?.input).toMatchObject({ mode: 'checkpoint' });
    expect(scenario.count('terminateNodes')).toBe(1);
    expect(await handle.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd: 20 }] })).toBe('maxSpendUsd 20, maxHourlyUsd none');
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.calls.find(({ name }) => name === 'raiseCaps')?.input).toMatchObject({
      caps: { maxSpendUsd: 20, maxHourlyUsd: null },
    });
    expect(scenario.count('launchNodes')).toBe(2);
    expect(scenario.count('reserveLaunch')).toBe(2);
  });

  it.each([
    ['baseline', 'evaluation-baseline'],
    ['evaluate', 'evaluation-epochs'],
    ['test', 'evaluation-test'],
    ['publish', 'export'],
  ])('in stage %s: what is at work is left, machines are given back, and it goes on from there', async (stage, job) => {
    let isReached = false;
    scenario = await Scenario.open(
      spending(() => isReached, {
        node: {
          followRanks: async ({ jobId }) => {
            if (!jobId.startsWith(job) || isReached) return followedWell();
            isReached = true;
            return untilCancelled();
          },
        },
      }),
    );
    const handle = await scenario.start();
    expect(await parked(handle)).toMatchObject({ stage, lastFailure: { kind: 'BudgetExceeded' } });
    await handle.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd: null }] });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.count('launchNodes')).toBe(2);
  });

  it('while its machines are on their way: they are given back', async () => {
    scenario = await Scenario.open(
      spending(() => scenario.count('describeNode') > 0, {
        node: { describeNode: async () => (scenario.count('terminateNodes') === 0 ? untilCancelled() : Scenario.facts()) },
      }),
    );
    const handle = await scenario.start();
    expect(await parked(handle)).toMatchObject({ stage: 'lease', lastFailure: { kind: 'BudgetExceeded' } });
    await handle.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd: 9 }] });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('whose cap is raised while its work is still being left: it goes on, and is not parked for what holds no more', async () => {
    let isReached = false;
    let told = (): void => undefined;
    const wasLeft = new Promise<void>((resolve) => (told = resolve));
    const answers = spending(() => isReached, {
      node: {
        followRanks: async ({ jobId }) => {
          if (!jobId.startsWith('evaluation-test') || isReached) return followedWell();
          isReached = true;
          return untilCancelled();
        },
        stopRanks: async () => wasLeft,
      },
    });
    scenario = await Scenario.open(answers);
    const handle = await scenario.start();
    await scenario.called('stopRanks');
    await handle.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd: 9 }] });
    told();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('when nothing more has to be paid for: it completes', async () => {
    scenario = await Scenario.open(spending(() => scenario.count('terminateNodes') > 0));
    const handle = await scenario.start();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
});

describe('a cap', () => {
  it('that a launch might break parks the run before it, and no machine is asked for', async () => {
    let isEnough = false;
    scenario = await Scenario.open({
      control: {
        claimRun: everything,
        reserveLaunch: async () => (isEnough ? undefined : failWith('BudgetExceeded', '2 nodes cost up to 10.00 USD')),
      },
    });
    const handle = await scenario.start();
    expect(await parked(handle)).toMatchObject({ stage: 'lease', lastFailure: { message: '2 nodes cost up to 10.00 USD' } });
    expect(scenario.count('launchNodes')).toBe(0);
    isEnough = true;
    await handle.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd: 50, maxHourlyUsd: 9 }] });
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });

  it('is changed to an amount or to none, by name; one that is refused leaves it as it was', async () => {
    scenario = await Scenario.open(
      spending(() => true, { control: { raiseCaps: async () => failWith('InvalidRequest', 'no more than is spent') } }),
    );
    const handle = await scenario.start();
    await parked(handle);
    for (const raise of [
      undefined,
      null,
      7,
      {},
      [],
      { maxSpend: 9 },
      { maxSpendUsd: '9' },
      { maxSpendUsd: 0 },
      { maxHourlyUsd: -1 },
    ])
      expect(await refusal(handle, raise)).toContain('expected {"maxSpendUsd": ...}');
    expect(await refusal(handle, { maxSpendUsd: 5 })).toBe('no more than is spent');
    expect((await parked(handle)).parked).not.toBeNull();
    await handle.terminate();
  });

  it('that nobody has set is never looked at', async () => {
    scenario = await Scenario.open();
    const handle = await scenario.start();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(scenario.names().filter((name) => name === 'judgeSpend' || name === 'reserveLaunch')).toEqual([]);
  });
});
