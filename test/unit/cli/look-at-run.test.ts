import { expect, test } from 'vitest';
import { stateOf } from '../../../src/cli/look-at-run.js';
import { before, parked, situation, status } from '../../fixtures/run-situation.js';

const { stored } = situation();
const ended = { outcome: 'failed' as const, fence: 1, endedAt: before(10), message: 'Hang' };
const open = { startedAt: before(100), end: null };

test('the word of the server counts before that of the store, which may be of an earlier execution', () => {
  expect(stateOf({ execution: open, status: status() }, { ...stored, ended })).toMatchObject({ state: 'open', since: before(100) });
});

test('a run is parked by its own word', () => {
  expect(stateOf({ execution: open, status: status({ parked }) }, stored).state).toBe('parked');
  expect(stateOf({ execution: open, status: null }, stored).state).toBe('open');
});

test('an execution that has not claimed anything is unclaimed', () => {
  expect(stateOf({ execution: open, status: status() }, { ...stored, request: null, owner: null }).state).toBe('unclaimed');
});

test('an execution that has ended tells how, of what and when', () => {
  const end = {
    outcome: 'failed' as const,
    message: 'no machine',
    failure: 'CapacityUnavailable' as const,
    at: before(3),
    ending: 'failed' as const,
  };
  expect(stateOf({ execution: { ...open, end }, status: null }, stored)).toEqual({
    ...{ state: 'failed', since: before(3), message: 'no machine', failure: 'CapacityUnavailable', ending: 'failed' },
  });
});

test('without a server, or with one that has forgotten the run, the store tells what it knows', () => {
  for (const server of [null, { execution: null, status: null }]) {
    expect(stateOf(server, { ...stored, ended })).toMatchObject({ state: 'failed', since: before(10), message: 'Hang' });
    expect(stateOf(server, stored)).toMatchObject({ state: 'unknown', since: stored.owner?.claimedAt });
  }
});
