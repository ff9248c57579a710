import { expect, test } from 'vitest';
import { EXIT, exitCodeOfFailure, exitCodeOfOutcome } from '../../../src/cli/exit-codes.js';
import { FAILURE_KINDS, RUN_OUTCOMES, type FailureKind } from '../../../src/contract/kinds.js';
import { Failure } from '../../../src/domain/failures.js';

test.each<[FailureKind, number]>([
  ['InvalidRequest', 2],
  ['InvalidData', 2],
  ['DoesNotFit', 2],
  ['RunKeyInUse', 2],
  ['EnvironmentNotReady', 3],
  ['Unreachable', 3],
  ['DiskFull', 3],
  ['AccessDenied', 3],
  ['StoreUnavailable', 3],
  ['NodeLost', 1],
  ['Diverged', 1],
  ['Defect', 1],
])('a failure %s ends in %i', (kind, code) => {
  expect(exitCodeOfFailure(new Failure(kind, 'x'))).toBe(code);
});

test('no failure looks like success, and an error that nobody knows is a failure', () => {
  for (const kind of FAILURE_KINDS) expect(exitCodeOfFailure(new Failure(kind, 'x'))).not.toBe(EXIT.ok);
  expect(exitCodeOfFailure(new TypeError('x'))).toBe(EXIT.failed);
  expect(exitCodeOfFailure('thrown text')).toBe(EXIT.failed);
});

test('of the ways that a run ends, two are success, and a script can tell the others apart', () => {
  expect(RUN_OUTCOMES.filter((outcome) => exitCodeOfOutcome[outcome] === 0)).toEqual(['completed', 'planned']);
  expect([exitCodeOfOutcome.failed, exitCodeOfOutcome.cancelled, exitCodeOfOutcome.interrupted]).toEqual([1, 4, 130]);
});
