import { describe, expect, test } from 'vitest';
import { isPolled } from '../../../src/domain/control-contact.js';
import { nodeContact } from '../../../src/domain/node-contact.js';
import { before, pending } from '../../fixtures/run-situation.js';

const now = before(0);
const launchedAt = before(3000);

describe('a node', () => {
  test('whose follower beat a moment ago is present, whatever else waits', () => {
    const waiting = pending({ state: 'scheduled', lastBeatAt: null, scheduledAt: before(50) });
    expect(nodeContact({ pending: [pending(), waiting], lastPollAt: null, launchedAt, now })).toEqual({
      contact: 'present',
      lastContactAt: before(0.4),
    });
  });

  test('whose follower has not beaten for longer than the server waits is suspect since then', () => {
    const silent = pending({ lastBeatAt: before(11) });
    expect(nodeContact({ pending: [silent], lastPollAt: before(40), launchedAt, now })).toEqual({
      contact: 'suspect',
      lastContactAt: before(11),
    });
  });

  test('that leaves an activity waiting is suspect since its last poll', () => {
    const waiting = pending({ state: 'scheduled', lastBeatAt: null, scheduledAt: before(20) });
    expect(nodeContact({ pending: [waiting], lastPollAt: before(33), launchedAt, now })).toEqual({
      contact: 'suspect',
      lastContactAt: before(33),
    });
  });

  test.each([
    ['that was scheduled this moment', { scheduledAt: before(2) }],
    ['whose next attempt has its time', { scheduledAt: before(200), nextAttemptAt: before(-5) }],
  ])('is not suspected for an activity %s', (_, over) => {
    const waiting = pending({ state: 'scheduled', lastBeatAt: null, ...over });
    expect(nodeContact({ pending: [waiting], lastPollAt: before(33), launchedAt, now }).contact).toBe('present');
  });

  test.each([
    [before(2), 'starting'],
    [before(76), 'suspect'],
  ])('that was launched at %s and has never been heard from is %s', (launched, contact) => {
    expect(nodeContact({ pending: [], lastPollAt: null, launchedAt: launched, now })).toEqual({ contact, lastContactAt: null });
  });

  test.each<[string | null, 'present' | 'suspect']>([
    [before(60), 'present'],
    [before(80), 'suspect'],
    [null, 'suspect'],
  ])('without work that last polled at %s is %s', (lastPollAt, contact) => {
    expect(nodeContact({ pending: [], lastPollAt, launchedAt, now })).toEqual({ contact, lastContactAt: lastPollAt });
  });
});

test.each<[string | null, string | null, boolean]>([
  [null, null, true],
  [before(200), null, true],
  [before(60), 'Deadline exceeded', true],
  [before(80), 'Deadline exceeded', false],
  [null, 'Deadline exceeded', false],
])('a control worker that last polled at %s, with problem %s, works: %s', (lastPollAt, problem, works) => {
  expect(isPolled({ taskQueue: 'formwork', lastPollAt, problem }, now)).toBe(works);
});
