import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { CliContext } from '../../src/cli/context.js';
import { EXIT, exitCodeOfSituation } from '../../src/cli/exit-codes.js';
import { listRuns } from '../../src/cli/list-runs.js';
import { lookAtRun } from '../../src/cli/look-at-run.js';
import { retryRun } from '../../src/cli/retry-run.js';
import { situationLines } from '../../src/cli/situation-lines.js';
import { RunSituation } from '../../src/contract/run-situation.js';
import { runWorkflowId } from '../../src/domain/names.js';
import { noProgress } from '../../src/domain/progress.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { temporaryFolder } from '../fixtures/temporary-folder.js';
import { failWith, followedWell, inTraining, isTraining, untilCancelled } from './answers.js';
import { Scenario } from './scenario.js';

/** A port of loopback on which nobody listens: it needs rights that nobody here uses. */
const NOBODY = '127.0.0.1:1';

let scenario: Scenario;
beforeEach(() => {
  vi.stubEnv('FORMWORK_HOME', temporaryFolder());
  vi.stubEnv('TEMPORAL_ADDRESS', inject('serverAddress'));
  vi.stubEnv('TEMPORAL_UI_URL', 'http://127.0.0.1:8233');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scenario.close();
});

/** What the command prints, as its readers get it. */
async function look(): Promise<RunSituation> {
  return RunSituation.parse(JSON.parse(JSON.stringify(await lookAtRun(await CliContext.open(), scenario.runKey))));
}

/** What an execution leaves in the store when it claims a run. */
async function claim(): Promise<void> {
  const { store } = await CliContext.open();
  const workflowId = runWorkflowId(scenario.runKey);
  await store.put(runKeys.request(scenario.runKey), '{}');
  await store.put(
    runKeys.owner(scenario.runKey, 1),
    JSON.stringify({ fence: 1, workflowId, runId: 'r', server: 'n', recovery: null, claimedAt: new Date().toISOString() }),
  );
}

const training = async (): ReturnType<typeof Scenario.open> =>
  Scenario.open({
    node: {
      followRanks: async ({ jobId }) => {
        if (!isTraining(jobId)) return followedWell();
        const { Context } = await import('@temporalio/activity');
        const progress = { ...noProgress, phase: 'loop', done: 7, total: 20, loss: 0.5 };
        Context.current().heartbeat({ cursor: { offsets: {} }, progress });
        return untilCancelled();
      },
    },
  });

describe('a look at a run', () => {
  it('that trains shows its stage, live progress, and where to look', async () => {
    scenario = await training();
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await claim();
    const situation = await vi.waitUntil(async () => look().then((one) => (one.progress === null ? null : one)));
    expect(situation).toMatchObject({
      state: 'open',
      status: { stage: 'train' },
      control: { problem: null },
      progress: { done: 7 },
    });
    expect(situation.pending.map(({ type }) => type).sort()).toEqual(['followRanks', 'followRanks', 'watchNodes']);
    expect(situation.server.page).toContain(encodeURIComponent(handle.workflowId));
    expect(situationLines(situation).join('\n')).toMatch(/^progress +7\/20 steps, loss 0\.500/m);
    expect(exitCodeOfSituation(situation)).toBe(EXIT.ok);
    await handle.terminate();
  });

  it('whose control worker is gone says that nobody answers, and still what the server knows', async () => {
    scenario = await training();
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await claim();
    await scenario.close();
    const situation = await look();
    expect(situation).toMatchObject({ state: 'open', status: null, control: { problem: expect.any(String) as string } });
    expect(situation.pending.length).toBeGreaterThan(0);
    expect(situationLines(situation).join(' ')).toContain('its stage is not known');
    scenario = await Scenario.open();
    await scenario.client.workflow.getHandle(handle.workflowId).terminate();
  });

  it('that has failed tells its kind and message, and ends with a code that says so', async () => {
    scenario = await Scenario.open({ control: { launchNodes: async () => failWith('EnvironmentNotReady', 'no machine is left') } });
    await expect((await scenario.start()).result()).rejects.toThrow();
    await claim();
    const situation = await look();
    expect(situation).toMatchObject({ state: 'failed', failure: 'EnvironmentNotReady', message: 'no machine is left' });
    expect(situation.status?.lastFailure).toMatchObject({ kind: 'EnvironmentNotReady' });
    expect(exitCodeOfSituation(situation)).toBe(EXIT.failed);
  });

  it('without a server shows what the store knows', async () => {
    scenario = await Scenario.open();
    await claim();
    vi.stubEnv('TEMPORAL_ADDRESS', NOBODY);
    const situation = await look();
    expect(situation).toMatchObject({ state: 'unknown', control: null, status: null, server: { address: NOBODY } });
    expect(situation.server.problem).toContain(NOBODY);
    expect(exitCodeOfSituation(situation)).toBe(EXIT.notReady);
  });

  it('that nobody knows is refused; without a server it is not said that there is none', async () => {
    scenario = await Scenario.open();
    await expect(look()).rejects.toMatchObject({ kind: 'InvalidRequest' });
    vi.stubEnv('TEMPORAL_ADDRESS', NOBODY);
    await expect(look()).rejects.toMatchObject({ kind: 'Unreachable' });
  });
});

describe('the list of runs', () => {
  it('is that of the store, with the reason, when the server does not answer', async () => {
    scenario = await Scenario.open();
    await claim();
    vi.stubEnv('TEMPORAL_ADDRESS', NOBODY);
    const { runs, problem } = await listRuns(await CliContext.open());
    expect(problem).toContain(NOBODY);
    expect(runs).toMatchObject([{ runKey: scenario.runKey, state: 'unknown' }]);
  });
});

describe('formwork retry', () => {
  it('is refused, in words, by a run that does not wait for it, by one that is over, and where there is none', async () => {
    scenario = await training();
    const { client, runKey } = scenario;
    await expect(retryRun(client, scenario.store, runKey, {})).rejects.toMatchObject({
      ...{ kind: 'InvalidRequest', message: expect.stringContaining(`knows no run ${runKey}`) as string },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await expect(retryRun(client, scenario.store, runKey, {})).rejects.toMatchObject({
      ...{ kind: 'InvalidRequest', message: expect.stringContaining(`run ${runKey} does not take it`) as string },
    });
    await handle.terminate();
    await expect(retryRun(client, scenario.store, runKey, {})).rejects.toMatchObject({
      ...{ kind: 'InvalidRequest', message: expect.stringContaining(`run ${runKey} is over`) as string },
    });
  });
});
