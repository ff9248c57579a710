import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { RunNotice } from '../../../src/contract/notice.js';
import type { FailureKind } from '../../../src/contract/kinds.js';
import { Failure, FAILURES } from '../../../src/domain/failures.js';
import { Webhook } from '../../../src/platform/notification/webhook.js';
import { asApplicationFailure } from '../../../workers/failure-interceptor.js';
import { WebhookReceiver } from '../../fixtures/webhook-receiver.js';

const SECRET = 'T0P-5ECRET';
const notice: RunNotice = {
  runKey: 'viggo-4',
  outcome: 'failed',
  message: 'Hang: rank 1 told nothing for 120 s',
  link: 'http://127.0.0.1:8233/namespaces/default/workflows/run%2Fviggo-4',
  at: '2026-11-23T03:00:00.000Z',
};

let receiver: WebhookReceiver | null = null;
afterEach(async () => {
  await receiver?.close();
  receiver = null;
});

const failureOf = async (url: string): Promise<Failure> => {
  const error: unknown = await new Webhook(url).notify(notice).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};

test('a notice is posted as JSON, as its schema has it', async () => {
  receiver = await WebhookReceiver.open([204]);
  await new Webhook(receiver.url(SECRET)).notify(notice);
  expect(receiver.requests).toEqual([{ method: 'POST', type: 'application/json', path: `/hooks/${SECRET}?token=${SECRET}` }]);
  expect(RunNotice.parse(receiver.bodies[0])).toEqual(notice);
});

test.each<[number, FailureKind]>([
  [500, 'Unreachable'],
  [503, 'Unreachable'],
  [429, 'Throttled'],
  [408, 'Throttled'],
  [401, 'AccessDenied'],
  [403, 'AccessDenied'],
  [404, 'EnvironmentNotReady'],
  [302, 'EnvironmentNotReady'],
])('status %i is a failure of kind %s', async (status, kind) => {
  receiver = await WebhookReceiver.open([status]);
  expect(await failureOf(receiver.url(SECRET))).toMatchObject({ kind, facts: { status } });
  expect(receiver.requests).toHaveLength(1);
});

test('only what may pass is tried again', () => {
  expect(FAILURES.Unreachable.retry).toBe('policy');
  expect(FAILURES.Throttled.retry).toBe('policy');
  expect(FAILURES.AccessDenied.retry).toBe('never');
  expect(FAILURES.EnvironmentNotReady.retry).toBe('never');
});

test('a receiver that is not there is said to be so, by the code of the network', async () => {
  receiver = await WebhookReceiver.open([200]);
  const url = receiver.url(SECRET);
  await receiver.close();
  receiver = null;
  expect(await failureOf(url)).toMatchObject({ kind: 'Unreachable', message: expect.stringContaining('ECONNREFUSED') as string });
});

test('a receiver that does not answer is given up', async () => {
  receiver = await WebhookReceiver.open([null]);
  const error: unknown = await new Webhook(receiver.url(SECRET), 50).notify(notice).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ kind: 'Unreachable', message: expect.stringContaining('no answer in time') as string });
});

test('no part of the address is in any failure, as it is logged and as it goes into the history', async () => {
  receiver = await WebhookReceiver.open([500]);
  const urls = [
    receiver.url(SECRET),
    `http://127.0.0.1:1/${SECRET}`,
    `http://${SECRET}.invalid/`,
    `http://${SECRET}:${SECRET}@127.0.0.1:1/`,
  ];
  for (const url of urls) {
    const failure = await failureOf(url);
    for (const text of [
      inspect(failure, { depth: null, showHidden: true }),
      inspect(asApplicationFailure(failure), { depth: null }),
    ]) {
      expect(text.toLowerCase()).not.toContain(SECRET.toLowerCase());
      expect(text).not.toMatch(/127\.0\.0\.1/);
    }
  }
});

test('a webhook that somebody prints does not show its address', () => {
  expect(inspect(new Webhook(`https://host/${SECRET}`), { depth: null, showHidden: true })).not.toContain(SECRET);
  expect(JSON.stringify(new Webhook(`https://host/${SECRET}`))).not.toContain(SECRET);
});
