import { describe, expect, test } from 'vitest';
import { FineTuningRequest, RunKey } from '../../../src/contract/request.js';
import {
  checkCatchUp,
  checkScheduledRequest,
  checkScheduleName,
  checkTimes,
  parseOverlap,
  pausedBy,
  scheduledRunProblem,
} from '../../../src/domain/run-schedule.js';
import { failure } from '../../fixtures/failure.js';

const TIME = '-2026-11-24T01:00:00Z';

describe('the name of a schedule', () => {
  test('of the longest kind makes legal run keys, and one more letter is refused', () => {
    const longest = 'n'.repeat(79);
    checkScheduleName(longest);
    expect(RunKey.safeParse(`${longest}${TIME}`).success).toBe(true);
    expect(() => checkScheduleName(`${longest}n`)).toThrow(failure('InvalidRequest', /up to 79 letters/));
  });

  test.each(['', '-x', 'a b', 'a/b'])('"%s" is refused', (name) =>
    expect(() => checkScheduleName(name)).toThrow('cannot be named'),
  );
});

describe('what a schedule is asked for', () => {
  test('a request that names its run key is refused, since all starts would be one run', () => {
    checkScheduledRequest(FineTuningRequest.parse({}), 'nightly');
    expect(() => checkScheduledRequest(FineTuningRequest.parse({ runKey: 'mine' }), 'nightly')).toThrow(
      failure('InvalidRequest', /^runKey mine: .*nightly-<scheduled time>/),
    );
  });

  test.each(['cancel-other', 'terminate-other'])('the overlap policy %s is refused, since it ends a run', (policy) => {
    expect(() => parseOverlap(policy)).toThrow(
      failure('InvalidRequest', /does not end a run that is at work.*expected skip, buffer-one/),
    );
  });

  test('an overlap policy that ends no run is taken, any other word refused', () => {
    expect(['skip', 'buffer-one', 'buffer-all', 'allow-all'].map(parseOverlap)).toHaveLength(4);
    expect(() => parseOverlap('wait')).toThrow(failure('InvalidRequest', /--overlap wait: there is no such policy/));
  });

  test.each([
    ['no times', { cron: [], intervals: [], timeZone: 'UTC' }, /either --cron/],
    ['both kinds', { cron: ['0 2 * * *'], intervals: [{ everySeconds: 60, offsetSeconds: 0 }], timeZone: 'UTC' }, /either --cron/],
    ['an empty interval', { cron: [], intervals: [{ everySeconds: 0, offsetSeconds: 0 }], timeZone: 'UTC' }, /--every 0/],
    [
      'a zone of an interval',
      { cron: [], intervals: [{ everySeconds: 60, offsetSeconds: 0 }], timeZone: 'Here/There' },
      /midnight UTC/,
    ],
    ['a zone that is none', { cron: ['0 2 * * *'], intervals: [], timeZone: 'Mars/Base' }, /no such zone/],
  ])('%s is refused', (_, times, message) => {
    expect(() => checkTimes({ ...times, jitterSeconds: 0 }, (zone) => zone !== 'Mars/Base')).toThrow(
      failure('InvalidRequest', message),
    );
  });

  test('a catch-up that the server would make longer is refused', () => {
    checkCatchUp(10);
    expect(() => checkCatchUp(9)).toThrow(failure('InvalidRequest', /expected 10s or more/));
  });
});

describe('a workflow that a schedule has started', () => {
  test('is a run of its own where its id carries the time', () => {
    expect(scheduledRunProblem('nightly', `run/nightly${TIME}`, null)).toBeNull();
  });

  test('is refused with a run key, or with the id of all others', () => {
    expect(scheduledRunProblem('nightly', `run/nightly${TIME}`, 'mine')).toMatch(
      /names runKey mine: every start of schedule nightly/,
    );
    expect(scheduledRunProblem('nightly', 'run/nightly', null)).toMatch(/workflow id run\/nightly carries no scheduled time/);
  });
});

describe('what has paused a schedule', () => {
  test.each([
    [true, `paused due to workflow failure: run/nightly${TIME}: from the test`, `run/nightly${TIME}`],
    [true, `paused due to workflow timeout: run/nightly${TIME}`, `run/nightly${TIME}`],
    [true, `run/nightly${TIME} was bad`, null],
    [true, '', null],
    [false, `paused due to workflow timeout: run/nightly${TIME}`, null],
  ])('paused %s, noted "%s": %s', (paused, note, workflowId) => expect(pausedBy({ paused, note })).toBe(workflowId));
});
