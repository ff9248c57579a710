import { describe, expect, test } from 'vitest';
import { FAILURE_KINDS } from '../../../src/contract/kinds.js';
import { Failure, FAILURES } from '../../../src/domain/failures.js';

describe('failure kinds', () => {
  test('each has a rule, and there is no rule for anything else', () => {
    expect(Object.keys(FAILURES).sort()).toEqual([...FAILURE_KINDS].sort());
  });

  test('each says what a person can do, as the end of a sentence', () => {
    for (const { remedy } of Object.values(FAILURES)) expect(remedy).toMatch(/^[a-z].*[^.]$/);
  });

  test('what only a person can mend is never retried', () => {
    for (const kind of ['InvalidRequest', 'InvalidData', 'DoesNotFit', 'AccessDenied', 'QuotaExceeded', 'Defect'] as const) {
      expect(FAILURES[kind].retry).toBe('never');
    }
  });

  test('what passes by itself is left to the retry policy', () => {
    for (const kind of ['Throttled', 'Unreachable', 'StoreUnavailable', 'DiskFull'] as const)
      expect(FAILURES[kind].retry).toBe('policy');
  });
});

test('a failure is an error with a kind, facts and a cause', () => {
  const cause = new Error('no space left');
  const failure = new Failure('DiskFull', 'the disk is full', { path: '/data' }, { cause });
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({ name: 'Failure', kind: 'DiskFull', facts: { path: '/data' }, cause });
  expect(new Failure('DiskFull', 'the disk is full').facts).toEqual({});
});
