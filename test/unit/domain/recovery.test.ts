import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS, type FailureKind } from '../../../src/contract/kinds.js';
import { FineTuningRequest } from '../../../src/contract/request.js';
import type { RunRecovery } from '../../../src/contract/run.js';
import {
  deadlineOf,
  judgeRecovery,
  recoveriesSince,
  requestOf,
  type RecoveryFacts,
  type RecoveryVerdict,
  type WorkflowEnd,
} from '../../../src/domain/recovery.js';
import { requestDifferences } from '../../../src/domain/request-differences.js';
import { runPlan } from '../../fixtures/run-plan.js';

const NOW = Date.parse('2030-01-01T12:00:00.000Z');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

const recovery = (number: number, after: number): RunRecovery => ({
  ...{ number, after, at: at(-60), deadlineAt: at(100), reason: 'NodeLost' },
});

const facts = (over: Partial<RecoveryFacts> = {}): RecoveryFacts => ({
  end: { how: 'failed', at: at(-10), failure: 'StoreUnavailable' },
  settings: { attempts: 3, waitMinutes: 2, afterTerminate: false },
  made: [],
  deadlineAt: at(100),
  ...over,
});

const judge = (over: Partial<RecoveryFacts> = {}): RecoveryVerdict | null => judgeRecovery(facts(over), new Date(NOW));
const ended = (how: WorkflowEnd['how'], failure: FailureKind | null = null): Partial<RecoveryFacts> => ({
  end: { how, at: at(-10), failure },
});

describe('a run that is over', () => {
  test.each<[string, Partial<RecoveryFacts>, RecoveryVerdict | null]>([
    ['that completed is done', ended('completed'), null],
    ['that was cancelled is left alone', ended('cancelled'), null],
    ['that failed of nothing, since a child of it was cancelled, is left alone', ended('failed', null), null],
    ['that failed of what may pass starts again, with what is left of its time', {}, { action: 'start', deadlineMinutes: 100 }],
    ['that timed out starts again', ended('timed out'), { action: 'start', deadlineMinutes: 100 }],
    [
      'that was terminated starts again where its request says so',
      { ...ended('terminated'), settings: { attempts: 3, waitMinutes: 2, afterTerminate: true } },
      { action: 'start', deadlineMinutes: 100 },
    ],
    [
      'that failed a moment ago waits',
      { end: { how: 'failed', at: at(-1), failure: 'NodeLost' } },
      { action: 'wait', until: at(1) },
    ],
    [
      'waits twice as long each time',
      { made: [recovery(1, 1), recovery(2, 2)], ...ended('failed', 'Hang') },
      { action: 'start', deadlineMinutes: 100 },
    ],
    [
      'waits twice as long each time, and is early then',
      { made: [recovery(1, 1), recovery(2, 2)], end: { how: 'failed', at: at(-7), failure: 'Hang' } },
      { action: 'wait', until: at(1) },
    ],
  ])('%s', (_, over, verdict) => {
    expect(judge(over)).toEqual(verdict);
  });

  test.each<[string, Partial<RecoveryFacts>, RegExp]>([
    ['terminated by somebody', ended('terminated'), /afterTerminate is false/],
    ['started again as often as allowed', { made: [recovery(1, 1), recovery(2, 2), recovery(3, 3)] }, /started again 3 times/],
    ['of which nobody wants it', { settings: { attempts: 0, waitMinutes: 2, afterTerminate: false } }, /recovery.attempts is 0/],
    ['whose deadline is near', { deadlineAt: at(4.9) }, /leaves less than 5 minutes/],
    [
      'whose deadline will be near when it is due',
      { deadlineAt: at(6), ...{ end: { how: 'failed', at: at(0), failure: 'Hang' } } },
      /less than 5/,
    ],
    ['diverged', ended('failed', 'Diverged'), /Diverged is for a person to mend: use a lower training.learningRate/],
  ])('%s: it is left, with the reason', (_, over, why) => {
    expect(judge(over)).toEqual({ action: 'leave', why: expect.stringMatching(why) as string });
  });

  test('is never started again of what the request, the data, the machine or formwork has to be mended for', () => {
    const left = FAILURE_KINDS.filter((kind) => judge(ended('failed', kind))?.action === 'leave');
    expect(left).toEqual([
      ...['InvalidRequest', 'InvalidData', 'DoesNotFit', 'BudgetExceeded', 'RunKeyInUse', 'EnvironmentNotReady'],
      ...['QuotaExceeded', 'AccessDenied', 'OutOfMemory', 'Diverged', 'RunnerCrashed', 'Defect'],
    ]);
  });

  test('gets a deadline within that of the last start by a person, whenever it is started', () => {
    const minutes = fc.integer({ min: -500, max: 500 });
    fc.assert(
      fc.property(minutes, minutes, fc.integer({ min: 0, max: 4 }), (endedAt, deadline, count) => {
        const made = Array.from({ length: count }, (_, n) => recovery(n + 1, n + 1));
        const verdict = judge({ made, deadlineAt: at(deadline), end: { how: 'failed', at: at(endedAt), failure: 'Hang' } });
        if (verdict?.action === 'start') expect(verdict.deadlineMinutes).toBeLessThanOrEqual(deadline);
        if (verdict?.action === 'start') expect(verdict.deadlineMinutes).toBeGreaterThanOrEqual(5);
        if (verdict?.action === 'wait') expect(Date.parse(verdict.until)).toBeGreaterThan(NOW);
        if (count >= 3) expect(verdict?.action).toBe('leave');
      }),
    );
  });
});

/** Of a line that began with this start by a person. */
const ofLine = (line: number, number: number, after: number): RunRecovery => ({ ...recovery(number, after), deadlineAt: at(line) });

describe('recoveries since the last start by a person', () => {
  test.each<[string, { fence: number; recovery: number | null }, RunRecovery[], number[]]>([
    ['none where there are none', { fence: 3, recovery: null }, [], []],
    ['the one that made this owner', { fence: 2, recovery: 1 }, [ofLine(1, 1, 1)], [1]],
    ['all in a row', { fence: 4, recovery: 3 }, [ofLine(1, 1, 1), ofLine(1, 2, 2), ofLine(1, 3, 3)], [1, 2, 3]],
    [
      'also those that ended before they had claimed',
      { fence: 3, recovery: 3 },
      [ofLine(1, 1, 1), ofLine(1, 2, 2), ofLine(1, 3, 2)],
      [1, 2, 3],
    ],
    ['also one after this very owner', { fence: 2, recovery: 1 }, [ofLine(1, 1, 1), ofLine(1, 2, 2)], [1, 2]],
    ['none before a person has started it', { fence: 4, recovery: null }, [ofLine(1, 1, 1), ofLine(1, 2, 2)], []],
    ['none, though the last of them has claimed nothing', { fence: 2, recovery: null }, [ofLine(1, 1, 1)], []],
    ['those after a person has started it', { fence: 5, recovery: 2 }, [ofLine(1, 1, 1), ofLine(2, 2, 4)], [2]],
  ])('%s', (_, owner, all, found) => {
    expect(recoveriesSince(owner, [...all].reverse()).map(({ number }) => number)).toEqual(found);
  });

  test('carry the deadline on; without any it counts from the claim', () => {
    const owner = { claimedAt: at(-30) };
    expect(deadlineOf(owner, { deadlineMinutes: 60 }, [])).toBe(at(30));
    expect(deadlineOf(owner, { deadlineMinutes: 60 }, [recovery(1, 1)])).toBe(at(100));
  });
});

test('a plan asks for the same work as its request, with the times of the newest start', () => {
  const plan = runPlan({ training: { epochs: 2 }, limits: { stepSeconds: 77 } });
  const request = requestOf({ ...plan, deadlineMinutes: 33, cluster: { ...plan.cluster, leaseMinutes: 9 } }, 'k');
  expect(FineTuningRequest.parse(request)).toMatchObject({
    deadlineMinutes: 33,
    cluster: { leaseMinutes: 9 },
    limits: { stepSeconds: 77 },
  });
  expect(requestDifferences(plan.request, request)).toEqual([]);
});
