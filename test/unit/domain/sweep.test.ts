import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProviderNode } from '../../../src/contract/cluster.js';
import { reasonToEnd, type LeaseState } from '../../../src/domain/sweep.js';

const NOW = new Date('2030-01-01T12:00:00.000Z');
const minutesFromNow = (minutes: number): string => new Date(NOW.getTime() + minutes * 60_000).toISOString();

const node = (age: number, left: number, state: ProviderNode['state'] = 'running', leaseMinutes = 30): ProviderNode => ({
  nodeId: 'node',
  tags: { installation: 'home', runKey: 'k', lease: 'run/k/lease/1-1', fence: 1, node: 0, generation: 1, leaseMinutes },
  ...{ state, launchedAt: minutesFromNow(-age), deadline: minutesFromNow(left), endedAt: null, pricePerHourUsd: 0 },
});

describe('a node', () => {
  test.each<[string, LeaseState, number, number, RegExp | null]>([
    ['whose lease lives', 'open', 600, 25, null],
    ['whose lease lives, and whose host is about to end it', 'open', 600, -1, null],
    ['whose lease lives, and whose host did not end it', 'open', 600, -2.5, /deadline passed 2.5 minutes ago/],
    ['whose lease is closed', 'closed', 2, 28, /its lease run\/k\/lease\/1-1 is closed/],
    ['whose lease is closed, just launched', 'closed', 0.5, 29.5, null],
    ['whose lease is unknown, renewed a moment ago', 'unknown', 600, 29, null],
    ['whose lease is unknown, one renewal late', 'unknown', 600, 15, null],
    ['whose lease is unknown, two renewals late', 'unknown', 600, 9, /does not know its lease .*, .*: 9.0 minutes are left/],
    ['just launched on a server that does not know its lease yet', 'unknown', 0.2, 29.8, null],
  ])('%s', (_what, lease, age, left, reason) => {
    if (reason === null) expect(reasonToEnd(node(age, left), lease, NOW)).toBeNull();
    else expect(reasonToEnd(node(age, left), lease, NOW)).toMatch(reason);
  });
});

test.each([5, 30, 1440])('a lease of %i minutes that is unknown may miss one renewal, and not two', (leaseMinutes) => {
  const after = (share: number): ProviderNode => node(600, leaseMinutes * (1 - share), 'running', leaseMinutes);
  expect(reasonToEnd(after(0.6), 'unknown', NOW)).toBeNull();
  expect(reasonToEnd(after(0.7), 'unknown', NOW)).toMatch(/nobody has renewed it/);
});

describe('the sweep', () => {
  const minutes = fc.double({ min: -1e5, max: 1e5, noNaN: true });
  const age = fc.double({ min: 0, max: 1e5, noNaN: true });
  const lease = fc.constantFrom<LeaseState>('open', 'closed', 'unknown');
  const state = fc.constantFrom<ProviderNode['state']>('pending', 'running', 'terminated');
  const ends = (one: ProviderNode, owner: LeaseState, at = NOW): boolean => reasonToEnd(one, owner, at) !== null;

  test('never ends a node whose lease lives before its deadline', () => {
    fc.assert(
      fc.property(age, fc.double({ min: 0, max: 1e5, noNaN: true }), state, (a, left, s) => !ends(node(a, left, s), 'open')),
    );
  });

  test('spares what is younger than a minute, whatever is known of it', () => {
    const young = fc.double({ min: 0, max: 0.99, noNaN: true });
    fc.assert(fc.property(young, minutes, lease, state, (a, left, l, s) => !ends(node(a, left, s), l)));
  });

  test('ends every node once its deadline is over by its grace, whatever is known of its lease', () => {
    const old = fc.double({ min: 1.01, max: 1e5, noNaN: true });
    const over = fc.double({ min: -1e5, max: -2.01, noNaN: true });
    fc.assert(fc.property(old, over, lease, state, (a, left, l, s) => ends(node(a, left, s), l)));
  });

  test('does not take a sentence back as time goes by without a renewal', () => {
    fc.assert(
      fc.property(age, minutes, lease, fc.nat(1e6), (a, left, l, later) => {
        const one = node(a, left);
        return !ends(one, l) || ends(one, l, new Date(NOW.getTime() + later * 1000));
      }),
    );
  });

  test('is never harder on a lease it does not know than on a closed one, nor on a living one than on an unknown one', () => {
    fc.assert(
      fc.property(age, minutes, (a, left) => {
        const [open, unknown, closed] = [
          ends(node(a, left), 'open'),
          ends(node(a, left), 'unknown'),
          ends(node(a, left), 'closed'),
        ];
        return (!open || unknown) && (!unknown || closed);
      }),
    );
  });
});
