import { expect, test } from 'vitest';
import type { Incident } from '../../../src/contract/incident.js';
import type { RunOwner } from '../../../src/contract/run.js';
import { runStory } from '../../../src/domain/run-story.js';

const at = (minute: number): string => new Date(Date.parse('2030-01-01T12:00:00.000Z') + minute * 60_000).toISOString();
const owner = (fence: number, minute: number, recovery: number | null = null): RunOwner => ({
  ...{ fence, recovery, workflowId: 'run/k', runId: String(fence), server: 's', claimedAt: at(minute) },
});
const stamp = { id: 'i', change: null };

test('the story of a run is told over all its executions, in the order of time', () => {
  const incidents: Incident[] = [
    {
      ...{ event: 'failed', ...stamp, at: at(5), fence: 1, kind: 'RankKilled', scope: 'round 0', message: 'rank 1: SIGKILL' },
      ...{ answer: 'again', skipStep: null },
    },
    {
      ...{ event: 'failed', ...stamp, at: at(25), fence: 2, kind: 'Hang', scope: 'round 0', message: 'Hang (5 of 4): no step' },
      ...{ answer: 'fail', skipStep: null },
    },
    { event: 'retried', ...stamp, at: at(27), fence: 2, kind: 'Hang', by: 'itself' },
    { event: 'retried', ...stamp, at: at(29), fence: 2, kind: 'Hang', by: 'person' },
  ];
  const story = runStory({
    owners: [owner(1, 0), owner(4, 50), owner(3, 40), owner(2, 20, 1)],
    recoveries: [{ number: 1, after: 1, at: at(19), deadlineAt: at(99), reason: 'timed out' }],
    takeOvers: [{ fence: 3, at: at(49) }],
    incidents,
  });
  expect(story.map(({ at: when, fence, what }) => `${(Date.parse(when) - Date.parse(at(0))) / 60_000} ${fence} ${what}`)).toEqual([
    '0 1 started',
    '5 1 round 0: RankKilled: rank 1: SIGKILL; formed again',
    '20 2 started again without a person, start 1, after timed out',
    '25 2 round 0: Hang (5 of 4): no step; given up',
    '27 2 parked for Hang, and gone on by itself',
    '29 2 parked for Hang, and let go on by a person',
    '40 3 started again',
    '50 4 started again, taken over from a server that somebody said is lost',
  ]);
});
