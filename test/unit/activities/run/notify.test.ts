import { expect, test } from 'vitest';
import { notify, type NoticeInput } from '../../../../activities/run/notify.js';
import type { RunNotice } from '../../../../src/contract/notice.js';

const input: NoticeInput = {
  ...{ runKey: 'k', workflowId: 'run/k', outcome: 'parked', message: 'more memory', at: '2026-11-23T03:00:00.000Z' },
};
const server = { namespace: 'default' };

test('tells what happened, with the page of the run', async () => {
  const told: RunNotice[] = [];
  const notifier = { notify: async (notice: RunNotice) => void told.push(notice) };
  expect(await notify({ notifier, uiUrl: 'http://ui', server })(input)).toBe('told');
  const link = 'http://ui/namespaces/default/workflows/run%2Fk';
  expect(told).toEqual([{ runKey: 'k', outcome: 'parked', message: 'more memory', link, at: input.at }]);
});

test('where no Web UI is known the notice has no link', async () => {
  const told: RunNotice[] = [];
  const notifier = { notify: async (notice: RunNotice) => void told.push(notice) };
  await notify({ notifier, uiUrl: null, server })(input);
  expect(told).toMatchObject([{ link: null }]);
});

test('without a webhook nobody is told, and that is no failure', async () => {
  expect(await notify({ notifier: null, uiUrl: null, server })(input)).toBe('nobody is to be told');
});
