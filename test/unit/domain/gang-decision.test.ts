import { describe, expect, test } from 'vitest';
import type { RankExit } from '../../../src/contract/job.js';
import { FAILURE_KINDS, type FailureKind } from '../../../src/contract/kinds.js';
import { FAILURES } from '../../../src/domain/failures.js';
import { decideGang, judgeGang, type BudgetsUsed } from '../../../src/domain/gang-decision.js';

const exit = (rank: number, kind: FailureKind | null, logTail: string[] = []): RankExit => ({
  ...{ rank, kind, logTail, step: null },
  code: kind === null ? 0 : 1,
  signal: null,
  message: `rank ${rank} says ${kind ?? 'well'}`,
});
const judge = (exits: RankExit[], used: BudgetsUsed = {}): ReturnType<typeof judgeGang> =>
  judgeGang({ exits, evidence: null, used, stopping: false });

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
    ['DiskFull', 2],
    ['Interrupted', 8],
    ['Unreachable', 10],
    ['RunnerCrashed', 2],
  ])('%s allows %i gangs more', (kind, times) => {
    expect(timesAgain(kind)).toBe(times);
  });

  test('is none for what no other gang would do better', () => {
    for (const kind of ['InvalidRequest', 'InvalidData', 'Diverged', 'OutOfMemory', 'Defect', 'RunKeyInUse'] as const) {
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
    expect(judgeGang({ exits, evidence: null, used: {}, stopping: true })).toEqual({ action: 'interrupted' });
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
      message: 'RankKilled (1 of 32): rank 1: rank 1 says RankKilled (last line: step 8)',
    });
  });

  test('without a log has no last line to show', () => {
    expect(judge([exit(0, 'RankKilled')])).toMatchObject({ message: 'RankKilled (1 of 32): rank 0: rank 0 says RankKilled' });
  });

  test('that lost a node failed of that, whatever its ranks died of', () => {
    const evidence = { kind: 'NodeLost', message: 'node 1 is gone' } as const;
    expect(judgeGang({ exits: [exit(0, 'RunnerCrashed')], evidence, used: {}, stopping: false })).toMatchObject({
      action: 'again',
      used: { NodeLost: 1 },
    });
  });
});
