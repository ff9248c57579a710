import { describe, expect, test } from 'vitest';
import { judgeFault } from '../../siege/judge-fault.js';
import type { StruckFault } from '../../siege/result.js';
import type { SiegeExpectation, SiegeFault } from '../../siege/siege-fault.js';
import { goodputFaults } from '../../siege/goodput-faults.js';
import { VIGGO_FAULTS } from '../../siege/viggo-faults.js';

const fault = (expected: SiegeExpectation): SiegeFault => ({
  ...{ name: 'fault', does: 'something', stage: 'train', window: [0, 1], expected },
  strike: () => Promise.reject(new Error('nobody is struck here')),
});

const struck = (changes: Partial<StruckFault>): StruckFault => ({
  ...{ name: 'fault', stage: 'train', step: 12, execution: 1, what: 'something', seconds: 60 },
  ...{ struckAt: '2026-11-22T20:00:00.000Z', overAt: '2026-11-22T20:00:00.000Z', failures: [], hitsWorkers: false },
  ...{ contactAfter: null, goesOnAfter: 3, startedAgainAfter: null },
  ...changes,
});

const goesOn = fault({ run: 'goes on' });
const formsAgain = fault({ run: 'forms again', causes: ['Hang'] });
const startedAgain = fault({ run: 'is started again', after: 'terminated' });

describe('a fault of a siege', () => {
  test.each<[string, SiegeFault, Partial<StruckFault>]>([
    ['nothing has failed', goesOn, {}],
    ['the workers that it hit were heard from again', goesOn, { hitsWorkers: true, contactAfter: 2 }],
    ['the gang formed again once, of what it has to', formsAgain, { failures: ['Hang'] }],
    ['the recovery says why it has started another execution', startedAgain, { startedAgainAfter: 'terminated' }],
  ])('is as it has to be when %s', (_, row, changes) => {
    expect(judgeFault(row, struck(changes))).toEqual([]);
  });

  test.each<[SiegeFault, Partial<StruckFault>, RegExp]>([
    [goesOn, { stage: 'evaluate' }, /struck in stage evaluate, not in train/],
    [goesOn, { failures: ['NodeLost'] }, /failed of: NodeLost/],
    [goesOn, { startedAgainAfter: 'failed' }, /started again, after failed/],
    [goesOn, { hitsWorkers: true }, /not heard from again/],
    [formsAgain, {}, /failed of: nothing/],
    [formsAgain, { failures: ['Hang', 'Hang'] }, /failed of: Hang, Hang/],
    [startedAgain, {}, /started again after nothing, not terminated/],
    [startedAgain, { startedAgainAfter: 'timed out' }, /started again after timed out, not terminated/],
  ])('is not with %o %o', (row, changes, problem) => {
    expect(judgeFault(row, struck(changes))).toEqual([expect.stringMatching(problem)]);
  });
});

describe('the tables of sieges', () => {
  test('have twelve kinds in one run, three of which end an execution, and not all of them in training', () => {
    expect(new Set(VIGGO_FAULTS.map(({ name }) => name)).size).toBe(12);
    expect(VIGGO_FAULTS.filter(({ expected }) => expected.run === 'is started again')).toHaveLength(3);
    expect(new Set(VIGGO_FAULTS.map(({ stage }) => stage))).toEqual(
      new Set(['baseline', 'smoke', 'train', 'evaluate', 'test', 'publish']),
    );
  });

  test('have ten kinds for goodput, which a run survives in one execution', () => {
    const faults = goodputFaults(60);
    expect(new Set(faults.map(({ name }) => name)).size).toBe(10);
    expect(faults.filter(({ expected }) => expected.run === 'is started again')).toEqual([]);
  });
});
