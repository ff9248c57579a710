import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultRefusal } from '../../../src/domain/fault-refusal.js';
import { FAULT_KINDS, faultRule } from '../../../src/domain/fault-table.js';

const run = {
  runKey: 'viggo-4',
  provider: 'local',
  leaseMinutes: 30,
  state: 'open' as const,
  others: [] as string[],
  seconds: null as number | null,
};

describe('a fault', () => {
  test.each(FAULT_KINDS)('may strike an open run of the local provider: %s', (kind) => {
    expect(faultRefusal(kind, run)).toBeNull();
  });

  test.each(FAULT_KINDS)('is for the local provider alone: %s', (kind) => {
    expect(faultRefusal(kind, { ...run, provider: 'ec2' })).toMatch(
      /has its nodes from ec2: faults are for the provider local alone/,
    );
  });

  test('is refused for a run that is over, or that the server does not know', () => {
    expect(faultRefusal('kill-rank', { ...run, state: 'closed' })).toMatch(/run viggo-4 is over/);
    expect(faultRefusal('kill-rank', { ...run, state: 'unknown' })).toMatch(/does not know run viggo-4/);
  });

  test('of what all runs share is refused while another one is open', () => {
    const beside = { ...run, others: ['other-1'] };
    for (const kind of FAULT_KINDS) {
      const isShared = faultRule(kind).strikes === 'control plane';
      expect(faultRefusal(kind, beside) !== null, kind).toBe(isShared);
    }
    expect(faultRefusal('kill-server', beside)).toContain('would strike other-1 as well');
  });

  test('that is over in a moment takes no time', () => {
    expect(faultRefusal('kill-rank', { ...run, seconds: 5 })).toMatch(/leave out --seconds/);
  });

  test('that lasts is over before a lease that was renewed a third of it ago, with a minute for the next renewal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 600 }), fc.integer({ min: 1, max: 100_000 }), (leaseMinutes, seconds) => {
        const isRefused = faultRefusal('server-down', { ...run, leaseMinutes, seconds }) !== null;
        expect(isRefused).toBe(leaseMinutes * 20 + seconds + 60 > leaseMinutes * 60);
      }),
    );
  });
});
