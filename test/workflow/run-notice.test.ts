import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterEach, describe, expect, it } from 'vitest';
import { notify, type NoticeInput } from '../../activities/run/notify.js';
import { RunNotice } from '../../src/contract/notice.js';
import { runWorkflowId } from '../../src/domain/names.js';
import { Webhook } from '../../src/platform/notification/webhook.js';
import { asApplicationFailure } from '../../workers/failure-interceptor.js';
import { WebhookReceiver } from '../fixtures/webhook-receiver.js';
import { failWith, inTraining, untilCancelled } from './answers.js';
import { Scenario } from './scenario.js';
import { samplePlan } from './samples.js';

let scenario: Scenario;
let receiver: WebhookReceiver | null = null;
afterEach(async () => {
  await receiver?.close();
  receiver = null;
  await scenario.close();
});

/** What people were told of this run: word of a run of the test before may still be on its way. */
const told = async (): Promise<NoticeInput> => {
  const isOurs = ({ runKey }: NoticeInput): boolean => runKey === scenario.runKey;
  await scenario.called('notify', isOurs);
  return scenario.calls.find(({ name, input }) => name === 'notify' && isOurs(input as NoticeInput))?.input as NoticeInput;
};

describe('word of a run', () => {
  it('that completes goes out with what came of it', async () => {
    scenario = await Scenario.open();
    const { at, ...notice } = await (await scenario.start()).result().then(told);
    const workflowId = runWorkflowId(scenario.runKey);
    expect(notice).toEqual({ runKey: scenario.runKey, workflowId, outcome: 'completed', message: 'done' });
    expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
  });

  it('that is refused goes out with the refusal: a schedule has nobody who looks on', async () => {
    scenario = await Scenario.open({ control: { planRun: () => failWith('InvalidRequest', 'training.epoch: unknown field') } });
    await expect((await scenario.start()).result()).rejects.toThrow();
    expect(await told()).toMatchObject({ outcome: 'failed', message: 'InvalidRequest: training.epoch: unknown field' });
  });

  it('that is cancelled goes out, although everything of it is cancelled', async () => {
    scenario = await Scenario.open({
      node: { followRanks: (input) => scenario.trainUntilStopped(input) },
    });
    const handle = await scenario.start();
    await scenario.called('followRanks', inTraining);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(await told()).toMatchObject({ outcome: 'cancelled' });
  });

  it('does not go out of a dry run', async () => {
    const plan = samplePlan({ dryRun: true });
    scenario = await Scenario.open({ control: { planRun: async () => ({ runKey: 'k', plan }) } });
    const handle = await scenario.start();
    await handle.result();
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.startChildWorkflowExecutionInitiatedEventAttributes != null)).toBe(false);
  });

  it('holds up no run, and fails none', async () => {
    scenario = await Scenario.open({ control: { notify: () => untilCancelled() } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    await scenario.close();
    scenario = await Scenario.open({ control: { notify: () => failWith('EnvironmentNotReady') } });
    expect(await (await scenario.start()).result()).toMatchObject({ outcome: 'completed' });
    await told();
  });
});

it('a receiver that fails first is told in the end, once, and no history holds its address', async () => {
  const opened = await WebhookReceiver.open([500, 503, 200]);
  receiver = opened;
  const secret = 'T0P-5ECRET';
  const ports = { notifier: new Webhook(opened.url(secret)), uiUrl: 'http://ui', server: { namespace: 'default' } };
  scenario = await Scenario.open({
    // As the worker does it, whose interceptor makes failures of the server of ours.
    control: {
      notify: (input) =>
        notify(ports)(input).catch((error: unknown) => {
          throw asApplicationFailure(error);
        }),
    },
  });
  const handle = await scenario.start();
  await handle.result();
  const { at } = await told();
  const child = scenario.client.workflow.getHandle(`${handle.workflowId}/notice/${at}`);
  await child.result();
  expect(opened.bodies).toHaveLength(3);
  expect(RunNotice.parse(opened.bodies[2])).toEqual({
    ...{ runKey: scenario.runKey, outcome: 'completed', message: 'done', at },
    link: `http://ui/namespaces/default/workflows/${encodeURIComponent(handle.workflowId)}`,
  });
  for (const one of [handle, child]) expect(historyToJSON(await one.fetchHistory())).not.toContain(secret);
});
