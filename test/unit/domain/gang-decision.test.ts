import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RankExit } from '../../../src/contract/job.js';
import { FAILURE_KINDS, type FailureKind } from '../../../src/contract/kinds.js';
import { FAILURES } from '../../../src/domain/failures.js';
import { decideGang, judgeGangEnd, type GangEnd } from '../../../src/domain/gang-decision.js';
import type { BudgetsUsed } from '../../../src/domain/incidents.js';

const exit = (rank: number, kind: FailureKind | null, logTail: string[] = [], step: number | null = null): RankExit => ({
  ...{ rank, kind, logTail },
  code: kind === null ? 0 : 1,
  signal: null,
  message: `rank ${rank} says ${kind ?? 'well'}`,
  step,
});
const training = { microBatchRows: 8, accumulationSteps: 2, onNonFinite: 'rewind' } as const;
const judge = (exits: RankExit[], used: BudgetsUsed = {}, more: Partial<GangEnd> = {}): ReturnType<typeof judgeGangEnd> =>
  judgeGangEnd({ exits, evidence: null, used, stopping: false, training, ...more });

/** How often a gang is formed again after failing of the same cause, over and over. */
function timesAgain(kind: FailureKind): number {
  let used: BudgetsUsed = {};
  for (let times = 0; ; times += 1) {
    const decision = decideGang(kind, 'it failed', used);
    used = decision.used;
    if (decision.action === 'fail') return times;
  }
}

describe('the budget of a cause', () => {
  test.each<[FailureKind, number]>([
    ['RankKilled', 32],
    ['NodeLost', 8],
    ['LostPeer', 8],
    ['Hang', 4],
    ['CheckpointIncomplete', 4],
    ['DiskFull', 5],
    ['StoreUnavailable', 5],
    ['Diverged', 3],
    ['Interrupted', 8],
    ['Unreachable', 10],
    ['RunnerCrashed', 2],
  ])('%s allows %i gangs more', (kind, times) => {
    expect(timesAgain(kind)).toBe(times);
  });

  test('is none for what no other gang would do better', () => {
    for (const kind of ['InvalidRequest', 'InvalidData', 'OutOfMemory', 'Defect', 'RunKeyInUse'] as const) {
      expect(timesAgain(kind)).toBe(0);
    }
  });

  test('is none for any kind that the server may not retry', () => {
    for (const kind of FAILURE_KINDS.filter((one) => FAILURES[one].retry === 'never')) expect(timesAgain(kind)).toBe(0);
  });

  test('is counted by cause: others do not use it up', () => {
    const { used } = decideGang('Hang', 'it hung', { RankKilled: 31 });
    expect(used).toEqual({ RankKilled: 31, Hang: 1 });
    expect(decideGang('RankKilled', 'killed', used)).toMatchObject({ action: 'again', message: 'RankKilled (32 of 32): killed' });
  });

  test('when used up says how often it happened and what to do', () => {
    const decision = decideGang('Hang', 'rank 1 made no progress', { Hang: 4 });
    expect(decision).toMatchObject({ action: 'fail', kind: 'Hang' });
    expect(decision.message).toBe(
      'rank 1 made no progress. It happened 5 times; 4 are allowed. What to do: look at the stacks in the logs of the ranks if it comes again.',
    );
  });

  test('of none says only what to do', () => {
    expect(decideGang('InvalidData', 'row 7 is empty', {}).message).toBe(
      'row 7 is empty. What to do: correct the named row or file and start again.',
    );
  });
});

describe('a gang', () => {
  test('whose ranks all did what they were asked to is done', () => {
    expect(judge([exit(0, null), exit(1, null)])).toEqual({ action: 'done' });
  });

  test('that was asked to stop is interrupted, also when some ranks were done already', () => {
    const exits = [exit(0, null), exit(1, 'Interrupted')];
    expect(judge(exits, {}, { stopping: true })).toEqual({ action: 'interrupted' });
  });

  test('that somebody else interrupted is formed again', () => {
    expect(judge([exit(0, 'Interrupted'), exit(1, 'Interrupted')])).toMatchObject({ action: 'again', kind: 'Interrupted' });
  });

  test('of which nobody knows an exit is not done', () => {
    expect(judge([])).toMatchObject({ action: 'again', used: { RunnerCrashed: 1 } });
  });

  test('fails of the rank that explains the others, with its last line', () => {
    const decision = judge([exit(0, 'LostPeer'), exit(1, 'RankKilled', ['step 7', 'step 8']), exit(2, 'Interrupted')]);
    expect(decision).toMatchObject({
      action: 'again',
      message: 'RankKilled (1 of 32): rank 1 says RankKilled (last line: step 8)',
    });
  });

  test('without a log has no last line to show', () => {
    expect(judge([exit(0, 'RankKilled')])).toMatchObject({ message: 'RankKilled (1 of 32): rank 0 says RankKilled' });
  });

  test('that ranks tell stands against a node that does not answer, of which it is said; without one the node is the cause', () => {
    const evidence = { kind: 'Unreachable', message: 'node 1 has not answered' } as const;
    expect(judge([exit(0, 'Hang')], {}, { evidence })).toMatchObject({
      kind: 'Hang',
      message: expect.stringMatching(/^Hang \(1 of 4\): rank 0 .*; node 1 has not answered$/) as string,
    });
    expect(judge([exit(0, 'Interrupted')], {}, { evidence, stopping: true })).toEqual({ action: 'interrupted' });
    for (const exits of [[], [exit(0, null)]]) {
      expect(judge(exits, {}, { evidence })).toMatchObject({ action: 'again', kind: 'Unreachable' });
    }
  });

  test('that lost a node failed of that, whatever its ranks died of', () => {
    const evidence = { kind: 'NodeLost', message: 'node 1 is gone' } as const;
    expect(judge([exit(0, 'RunnerCrashed')], {}, { evidence })).toMatchObject({
      action: 'again',
      used: { NodeLost: 1 },
    });
  });
});

describe('memory that runs out', () => {
  const rows = fc.integer({ min: 1, max: 96 });

  test('is met with smaller passes as often as there are rows, and the batch of a step stays the same', () => {
    fc.assert(
      fc.property(rows, rows, (microBatchRows, accumulationSteps) => {
        let now = { ...training, microBatchRows, accumulationSteps };
        for (;;) {
          const decision = judge([exit(0, 'OutOfMemory')], {}, { training: now });
          if (decision.action !== 'again') {
            expect(now.microBatchRows).toBe(1);
            expect(decision).toMatchObject({ action: 'fail', kind: 'OutOfMemory', change: null });
            return;
          }
          const next = { ...now, ...decision.change?.training } as typeof now;
          expect(next.microBatchRows).toBeLessThanOrEqual(now.microBatchRows / 2);
          expect(next.microBatchRows * next.accumulationSteps).toBe(microBatchRows * accumulationSteps);
          expect([next.microBatchRows, next.accumulationSteps].every(Number.isInteger)).toBe(true);
          now = next;
        }
      }),
    );
  });

  test('halves where it can, and doubles the passes then', () => {
    expect(judge([exit(0, 'OutOfMemory')])).toMatchObject({ change: { training: { microBatchRows: 4, accumulationSteps: 4 } } });
  });

  test('in a job that does not train is tried no more', () => {
    expect(judge([exit(0, 'OutOfMemory')], {}, { training: null })).toMatchObject({ action: 'fail', change: null });
  });
});

describe('a loss that is not finite', () => {
  const diverged = [exit(0, 'LostPeer'), exit(1, 'Diverged', [], 41)];

  test('is gone round by its step, three times', () => {
    expect(judge(diverged)).toMatchObject({
      action: 'again',
      skipStep: 41,
      message: expect.stringContaining('batch of step 41') as string,
    });
    expect(judge(diverged, { Diverged: 3 })).toMatchObject({ action: 'fail', skipStep: null, isFinal: false });
  });

  test('of no step, as in a validation, cannot be gone round', () => {
    expect(judge([exit(0, 'Diverged')])).toMatchObject({ action: 'fail', skipStep: null, isFinal: false });
  });

  test('ends the run where the plan says stop, and waits for a person where the runner has passed over too many', () => {
    const by = (onNonFinite: 'stop' | 'skip'): unknown => judge(diverged, {}, { training: { ...training, onNonFinite } });
    expect(by('stop')).toMatchObject({ action: 'fail', isFinal: true });
    expect(by('skip')).toMatchObject({ action: 'fail', isFinal: false });
  });
});

test('trouble with a disk or the store is waited for, longer each time; anything else is tried at once', () => {
  const waits = (kind: FailureKind): number[] =>
    [0, 1, 2, 3, 4].map((count) => decideGang(kind, '', { [kind]: count }).waitSeconds);
  expect(waits('DiskFull')).toEqual([30, 60, 120, 240, 480]);
  expect(waits('StoreUnavailable')).toEqual([30, 60, 120, 240, 480]);
  expect(waits('RankKilled')).toEqual([0, 0, 0, 0, 0]);
});

test('what is told of ranks is bounded, those that failed first, in order of rank', () => {
  const long = Array.from({ length: 30 }, (_, line) => `${line} ${'x'.repeat(500)}`);
  const many = Array.from({ length: 40 }, (_, rank) => exit(rank, rank === 39 ? 'RankKilled' : null, long));
  const { ranks } = judge(many) as { ranks: { rank: number; logTail: string[] }[] };
  expect(ranks.map(({ rank }) => rank)).toEqual([...Array.from({ length: 15 }, (_, rank) => rank), 39]);
  expect(ranks.every(({ logTail }) => logTail.length === 5 && logTail.every((line) => line.length === 200))).toBe(true);
});
