import { expect, test } from 'vitest';
import { resultLines } from '../../../src/cli/follow-run.js';
import { newRunKey } from '../../../src/cli/new-run-key.js';
import { RunKey } from '../../../src/contract/request.js';
import type { RunResult } from '../../../src/contract/run.js';

const place = {
  store: '/home/me/.formwork/store',
  uiUrl: 'http://127.0.0.1:8233',
  namespace: 'default',
  workflowId: 'run/viggo-4',
};

const result: RunResult = {
  runKey: 'viggo-4',
  outcome: 'completed',
  message: '0.0 % before, 94.2 % after on test',
  chosenEpoch: 5,
  test: {
    items: 1083,
    before: { value: 0, low: 0, high: 0.0035 },
    after: { value: 0.9418, low: 0.9183, high: 0.9603 },
    difference: { value: 0.9418, low: 0.9179, high: 0.9607 },
    gained: 1020,
    lost: 0,
  },
  weightsSha256: 'f'.repeat(64),
  reportKey: 'runs/viggo-4/report',
};

test('a completed run: before, after, difference, where the report lies, where to look', () => {
  expect(resultLines(result, place)).toEqual([
    'before      0.0 % [0.0, 0.4] of 1083 test items right',
    'after       94.2 % [91.8, 96.0], epoch 5',
    'difference  +94.2 points [+91.8, +96.1] (95 % interval)',
    'report      /home/me/.formwork/store/runs/viggo-4/report/report.html',
    'run         http://127.0.0.1:8233/namespaces/default/workflows/run%2Fviggo-4',
  ]);
});

test('a run that ended before its test says how, and names no report and no link that there is not', () => {
  const ended: RunResult = { ...result, outcome: 'cancelled', message: 'cancelled in train', test: null, reportKey: null };
  expect(resultLines(ended, { ...place, uiUrl: null })).toEqual(['cancelled in train']);
});

test('a new run key tells what for and when, in UTC, and is one that a request may name', () => {
  const key = newRunKey('practice', new Date('2026-11-22T20:36:05.123Z'));
  expect(key).toBe('practice-20261122-203605');
  expect(RunKey.parse(key)).toBe(key);
});
