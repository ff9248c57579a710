import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTimeSpan, timeSpan } from '../../../src/domain/time-span.js';
import { failure } from '../../fixtures/failure.js';

describe('a span of time', () => {
  test.each([
    ['0s', 0],
    ['90s', 90],
    ['10m', 600],
    ['6h', 21_600],
    ['2d', 172_800],
  ])('%s is %i seconds', (text, seconds) => expect(parseTimeSpan('--every', text)).toBe(seconds));

  test.each(['', '10', '1.5h', '-1h', '1w', 'h', '6 h'])('"%s" is refused with the option that has it', (text) => {
    expect(() => parseTimeSpan('--jitter', text)).toThrow(failure('InvalidRequest', /^--jitter .*: expected a whole number/));
  });

  test('is written in its largest whole unit', () => {
    expect([0, 59, 60, 90, 3600, 86_400, 90_000].map(timeSpan)).toEqual(['0s', '59s', '1m', '90s', '1h', '1d', '25h']);
  });

  test('is read again as it was written', () => {
    fc.assert(fc.property(fc.nat(999_999), (seconds) => parseTimeSpan('--every', timeSpan(seconds)) === seconds));
  });
});
