import { expect, test } from 'vitest';
import { startLinks, webUiLinks } from '../../../src/cli/start-links.js';

const links = webUiLinks('http://127.0.0.1:8233', 'default', new Date('2026-11-22T20:36:05.123Z'));

test('both start forms come with the queue that a control worker polls and the type of a run', () => {
  for (const link of [links.edit, links.practice]) {
    const { pathname, searchParams } = new URL(link);
    expect(pathname).toBe('/namespaces/default/workflows/start-workflow');
    expect(searchParams.get('taskQueue')).toBe('formwork');
    expect(searchParams.get('workflowType')).toBe('fineTuningRun');
  }
});

test('only the form of the practice run names a workflow', () => {
  expect(new URL(links.edit).searchParams.has('workflowId')).toBe(false);
  expect(new URL(links.practice).searchParams.get('workflowId')).toBe('run/practice-20261122-203605');
});

test('the list shows runs and not their children', () => {
  expect(new URL(links.runs).searchParams.get('query')).toBe('WorkflowType="fineTuningRun"');
});

test('a schedule is made in the form of the same namespace', () => {
  expect(new URL(links.schedule).pathname).toBe('/namespaces/default/schedules/create');
});

test('without a known Web UI there is a sentence instead of a broken link', () => {
  expect(startLinks(null, 'default')).toEqual([expect.stringContaining('TEMPORAL_UI_URL')]);
});
