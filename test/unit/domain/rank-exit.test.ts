import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RUNNER_EXIT_CODES, type FailureKind } from '../../../src/contract/kinds.js';
import { causeOf, failureOfExit } from '../../../src/domain/rank-exit.js';

describe('an exit status', () => {
  test.each<[keyof typeof RUNNER_EXIT_CODES, FailureKind | null]>([
    ['ok', null],
    ['config', 'InvalidRequest'],
    ['data', 'InvalidData'],
    ['outOfMemory', 'OutOfMemory'],
    ['hang', 'Hang'],
    ['diverged', 'Diverged'],
    ['lostPeer', 'LostPeer'],
    ['diskFull', 'DiskFull'],
    ['interrupted', 'Interrupted'],
    ['checkpointIncomplete', 'CheckpointIncomplete'],
  ])('%s means %s', (name, kind) => {
    expect(failureOfExit(RUNNER_EXIT_CODES[name], null)).toBe(kind);
  });

  test('outside the list is a crash, as Python itself ends of an exception', () => {
    const known: number[] = Object.values(RUNNER_EXIT_CODES);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 255 }).filter((code) => !known.includes(code)),
        (code) => {
          expect(failureOfExit(code, null)).toBe('RunnerCrashed');
        },
      ),
    );
  });

  test('of a process that never ran is a crash', () => {
    expect(failureOfExit(null, null)).toBe('RunnerCrashed');
  });

  test('by a signal is a kill from outside', () => {
    expect(failureOfExit(null, 'SIGSEGV')).toBe('RankKilled');
  });

  test('codes differ from each other and from those of Python and signals', () => {
    const codes = Object.values(RUNNER_EXIT_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect([1, 2].includes(code) || code >= 128).toBe(false);
  });
});

describe('the cause', () => {
  const exits = (...kinds: (FailureKind | null)[]): { kind: FailureKind | null }[] => kinds.map((kind) => ({ kind }));

  test('of ranks that did well is none', () => {
    expect(causeOf(exits(null, null))).toBeNull();
  });

  test.each<[FailureKind, FailureKind]>([
    ['RankKilled', 'LostPeer'],
    ['OutOfMemory', 'RankKilled'],
    ['Diverged', 'LostPeer'],
    ['CheckpointIncomplete', 'LostPeer'],
    ['LostPeer', 'Interrupted'],
    ['Hang', 'LostPeer'],
    ['RunnerCrashed', 'RankKilled'],
    ['InvalidData', 'OutOfMemory'],
  ])('is %s rather than %s', (cause, consequence) => {
    expect(causeOf(exits(consequence, null, cause))?.kind).toBe(cause);
  });

  test('is never a lost peer while another is known, and does not depend on the order of ranks', () => {
    const kindsOfRanks = [
      ...Object.values(RUNNER_EXIT_CODES).map((code) => failureOfExit(code, null)),
      'RankKilled',
      'RunnerCrashed',
    ] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kindsOfRanks), { minLength: 1, maxLength: 6 }), (given) => {
        const cause = causeOf(exits(...given))?.kind ?? null;
        const others = given.filter((kind) => kind !== null && kind !== 'LostPeer' && kind !== 'Interrupted');
        if (others.length > 0) expect(others).toContain(cause);
        expect(causeOf(exits(...given.toReversed()))?.kind ?? null).toBe(cause);
      }),
      { numRuns: 300 },
    );
  });
});
