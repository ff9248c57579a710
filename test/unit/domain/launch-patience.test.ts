import { expect, test } from 'vitest';
import { FAILURE_KINDS } from '../../../src/contract/kinds.js';
import { judgeLaunch } from '../../../src/domain/launch-patience.js';

const PASSING = ['CapacityUnavailable', 'NodeLost'] as const;

test.each(PASSING)('a launch that ends with %s is tried again after growing waits, and given up at the fifth time', (kind) => {
  const verdicts = [1, 2, 3, 4, 5].map((refusals) => judgeLaunch({ kind, refusals }));
  expect(verdicts).toEqual([...[5, 10, 20, 40].map((afterSeconds) => ({ action: 'again', afterSeconds })), { action: 'fail' }]);
});

test.each(FAILURE_KINDS.filter((kind) => !(PASSING as readonly string[]).includes(kind)))('%s is not tried again', (kind) => {
  expect(judgeLaunch({ kind, refusals: 1 })).toEqual({ action: 'fail' });
});
