import type { WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Incident } from '../../src/contract/incident.js';
import type { FollowResult } from '../../src/contract/job.js';
import { RETRY_UPDATE, roundScope, STOP_UPDATE } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { samplePlan } from './samples.js';
import { endedBy, followedWell, isTraining, trainingLeft } from './answers.js';
import { Scenario } from './scenario.js';

let scenario: Scenario;
afterEach(() => scenario.close());

/** Followers of the training say this, one gang after the other, and then that it went well. Node 1 says that it lost its peer. */
function gangsEnd(...ends: FollowResult[]): (input: { jobId: string }) => Promise<FollowResult> {
  const told = new Map<string, FollowResult>();
  return async ({ jobId }) => {
    if (!isTraining(jobId)) return followedWell();
    if (!told.has(jobId)) told.set(jobId, ends.shift() ?? followedWell());
    return told.get(jobId) as FollowResult;
  };
}

const plan = samplePlan({ training: { microBatchRows: 4 } });
const { microBatchRows, accumulationSteps } = plan.training;

describe('memory that runs out', () => {
  it('halves the micro-batch and doubles the passes, gang by gang, and the batch stays the same', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(plan) },
      node: { followRanks: gangsEnd(endedBy('OutOfMemory'), endedBy('OutOfMemory')) },
    });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    const changes = (await scenario.incidents()).map(({ change }) => change?.training);
    expect(changes).toEqual([
      { microBatchRows: microBatchRows / 2, accumulationSteps: accumulationSteps * 2 },
      { microBatchRows: microBatchRows / 4, accumulationSteps: accumulationSteps * 4 },
    ]);
  });
});

describe('a loss that is not finite', () => {
  it('is gone round: the next gang passes over the batch of the step that was named', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(plan) },
      node: { followRanks: gangsEnd(endedBy('Diverged', 7), endedBy('Diverged', 12)) },
    });
    const handle = await scenario.start();
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    expect(await scenario.incidents()).toMatchObject([
      { kind: 'Diverged', skipStep: 7, answer: 'again' },
      { kind: 'Diverged', skipStep: 12, answer: 'again' },
    ]);
  });

  it('ends the run at once where the plan says stop', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(samplePlan({ training: { onNonFinite: 'stop' } })) },
      node: { followRanks: gangsEnd(endedBy('Diverged', 7)) },
    });
    const error: unknown = await (await scenario.start()).result().catch((reason: unknown) => reason);
    expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'Diverged' });
    expect(scenario.count('terminateNodes')).toBe(1);
  });
});

describe("a node's copy of a checkpoint that is damaged", () => {
  it('is taken from the store again by the next gang; the checkpoint itself stays in use', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(plan) },
      node: { followRanks: gangsEnd(endedBy('CheckpointIncomplete')) },
    });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    expect(await scenario.incidents()).toMatchObject([{ kind: 'CheckpointIncomplete', answer: 'again' }]);
    expect(scenario.count('setAsideCheckpoint')).toBe(0);
  });
});

describe('the budget of a cause', () => {
  it('that an earlier execution has used up is not new: the first failure parks the run', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(plan, 2) },
      node: { followRanks: gangsEnd(endedBy('Hang')) },
    });
    for (let n = 1; n <= 4; n += 1) {
      const incident: Incident = {
        ...{ event: 'failed', id: `first owner ${n}`, at: new Date(0).toISOString(), fence: 1, kind: 'Hang', change: null },
        ...{ scope: roundScope('0'), message: 'it hung', answer: 'again', skipStep: null },
      };
      await scenario.store.putIfAbsent(runKeys.incident(scenario.runKey, n), JSON.stringify(incident));
    }
    const handle = await scenario.start();
    const parked = await scenario.status(handle, (status) => status.parked !== null);
    expect(parked.lastFailure).toMatchObject({ kind: 'Hang', message: expect.stringContaining('It happened 5 times') as string });
    await handle.executeUpdate(RETRY_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
  });
});

describe('trouble that may pass', () => {
  it('is waited for, the status says until when, and a stop does not wait', async () => {
    scenario = await Scenario.open({
      control: { claimRun: trainingLeft(plan) },
      node: { followRanks: gangsEnd(endedBy('DiskFull')) },
    });
    const handle = await scenario.start();
    const status = await scenario.status(handle, ({ nextRetryAt }) => nextRetryAt !== null);
    expect(Date.parse(status.nextRetryAt as string)).toBeGreaterThan(Date.now() + 5_000);
    expect(status.attempts).toMatchObject([
      { what: 'gang 1, round-0-t0', result: 'trains from the start' },
      {
        what: expect.stringMatching(/^gang 1, round-0-t0$/) as string,
        result: expect.stringContaining('DiskFull (1 of 5)') as string,
      },
    ]);
    expect(status.lastFailure).toMatchObject({
      kind: 'DiskFull',
      remedy: 'free disk space on the named machine; formwork prune shows what can go',
      ranks: [
        { rank: 0, logTail: ['last line'] },
        { rank: 0, logTail: ['last line'] },
      ],
    });
    expect(status.progress).toMatchObject({ step: 10, totalSteps: 20, loss: 1.5 });
    await handle.executeUpdate(STOP_UPDATE);
    expect(await handle.result()).toMatchObject({ outcome: 'interrupted' });
  });
});
