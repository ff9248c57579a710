import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Caps, Incident } from '../../../src/contract/incident.js';
import { capProblems, capsInForce, judgeSpend, launchRefusal } from '../../../src/domain/spend-cap.js';

const cluster = { nodes: 2, leaseMinutes: 30, pricePerNodeHourUsd: 6 };
const none: Caps = { maxSpendUsd: null, maxHourlyUsd: null };
const cap = (maxSpendUsd: number): Caps => ({ ...none, maxSpendUsd });
const spend = (usd: number, hourlyUsd = 12): { usd: number; hourlyUsd: number } => ({ usd, hourlyUsd });

describe('a run with a cap', () => {
  test('is over it when it has spent it', () => {
    expect(judgeSpend(spend(9.99), cap(10), cluster)).toMatchObject({ isOver: false });
    expect(judgeSpend(spend(10), cap(10), cluster)).toEqual({
      isOver: true,
      message: '10.00 USD are spent, of 10.00 USD of maxSpendUsd',
    });
  });

  test('is asked again when it could have spent it, with all of its nodes at work', () => {
    expect(judgeSpend(spend(4), cap(10), cluster)).toEqual({ isOver: false, againAfterSeconds: 1800 });
  });

  test('that has no node is asked again when a lease of now could be over, however little is left', () => {
    expect(judgeSpend(spend(9.99, 0), cap(10), cluster)).toEqual({ isOver: false, againAfterSeconds: 1800 });
  });

  test('is over it by the price of five seconds at most when it is asked as it says, some dozens of times', () => {
    const price = fc.double({ min: 0.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        price,
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0.01, max: 5000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (pricePerNodeHourUsd, nodes, maxSpendUsd, shares) => {
          const hourly = nodes * pricePerNodeHourUsd;
          let usd = 0;
          let asked = 0;
          for (;;) {
            // Nodes come and go: at any time some share of them costs something.
            const share = shares[asked % shares.length] as number;
            const verdict = judgeSpend({ usd, hourlyUsd: share * hourly }, cap(maxSpendUsd), {
              ...cluster,
              nodes,
              pricePerNodeHourUsd,
            });
            if (verdict.isOver || asked > 500) break;
            expect(verdict.againAfterSeconds).toBeGreaterThanOrEqual(5);
            usd += (share * hourly * verdict.againAfterSeconds) / 3600;
            asked += 1;
          }
          expect(usd - maxSpendUsd).toBeLessThanOrEqual((hourly * 5) / 3600 + 1e-6);
        },
      ),
    );
  });

  test('of nodes that cost nothing is asked seldom', () => {
    expect(judgeSpend(spend(0, 0), cap(10), { ...cluster, pricePerNodeHourUsd: 0 })).toEqual({
      isOver: false,
      againAfterSeconds: 3600,
    });
  });
});

describe('a launch', () => {
  test.each<[string, number, Caps, string | null]>([
    ['without caps is free to go', 1e6, none, null],
    ['that fits to the cent', 4, cap(10), null],
    [
      'that may cost more than is left',
      4.01,
      cap(10),
      '2 nodes for a lease of 30 minutes cost up to 6.00 USD, and 5.99 USD of maxSpendUsd, 10.00 USD, are left',
    ],
    [
      'when all is spent',
      12,
      cap(10),
      '2 nodes for a lease of 30 minutes cost up to 6.00 USD, and 0.00 USD of maxSpendUsd, 10.00 USD, are left',
    ],
    [
      'of nodes that cost too much an hour',
      0,
      { ...none, maxHourlyUsd: 11.99 },
      '2 nodes cost 12.00 USD an hour, and maxHourlyUsd is 11.99 USD',
    ],
    ['of nodes that may just be paid by the hour', 0, { ...none, maxHourlyUsd: 12 }, null],
  ])('%s', (_, usd, caps, refusal) => {
    expect(launchRefusal(spend(usd), caps, cluster)).toBe(refusal);
  });

  test('that a request could never make is a problem of the request, named by field', () => {
    expect(capProblems({ maxSpendUsd: 5, maxHourlyUsd: 5 }, cluster)).toEqual([
      { path: 'maxHourlyUsd', message: expect.stringContaining('2 nodes cost 12.00 USD an hour') as string },
      { path: 'maxSpendUsd', message: expect.stringContaining('cost up to 6.00 USD') as string },
    ]);
    expect(capProblems(none, cluster)).toEqual([]);
  });
});

test('the caps in force are those of the plan, or the last that a person set in this execution', () => {
  const raised = (fence: number, maxSpendUsd: number | null): Incident => ({
    ...{ event: 'raised', id: 'r', at: '2030-01-01T12:00:00.000Z', fence, kind: 'BudgetExceeded', change: null },
    caps: { maxSpendUsd, maxHourlyUsd: null },
  });
  const plan = { maxSpendUsd: 5, maxHourlyUsd: 9 };
  expect(capsInForce(plan, 2, [])).toEqual(plan);
  expect(capsInForce(plan, 2, [raised(1, 50)])).toEqual(plan);
  expect(capsInForce(plan, 2, [raised(2, 50), raised(2, null), raised(3, 7)])).toEqual(none);
});
