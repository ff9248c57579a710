import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { billFaults, type BilledFault } from '../../siege/fault-costs.js';
import { endAt, failedAt, jobRecord, LAUNCH, mark, nodeRecord, records, trajectory } from '../../fixtures/ledger-records.js';

const second = (seconds: number): number => LAUNCH + 1000 * seconds;
const fault = (struck: number, goesOn: number): BilledFault => ({ struckAt: second(struck), goesOnAt: second(goesOn) });

/** One node. Its rank dies at second 68, four seconds of steps after a checkpoint, and trains again from second 90 to the end at 200. */
const dead = records({
  nodes: [
    nodeRecord({
      ended: { endedAt: new Date(second(220)).toISOString() },
      jobs: [
        jobRecord({ end: endAt(70, 'RankKilled'), seenAt: null }),
        jobRecord({
          ...{ jobId: 'round-0-t1', startedAt: new Date(second(74)).toISOString() },
          trajectory: { round: '0', number: 1 },
          marks: [
            ...[
              mark(75, 'imports'),
              mark(82, 'data'),
              mark(83, 'model'),
              mark(84, 'engine'),
              mark(86, 'restore', 20),
              mark(88, 'loop', 20),
            ],
            ...[mark(120, 'checkpoint', 50), mark(121, 'loop', 50), mark(200, 'over', 130)],
          ],
          end: endAt(201),
          seenAt: null,
        }),
      ],
    }),
  ],
  incidents: [failedAt(71)],
  rounds: new Map([
    [
      '0',
      {
        trajectories: [trajectory(0), trajectory(1, { trajectory: 0, step: 20 })],
        committed: [{ trajectory: 0, step: 20 }],
      },
    ],
  ]),
});
const training = { from: second(40), to: second(200) };

describe('the bill of a stretch of training', () => {
  test('has of a dead rank the steps done again, the notice, the start of the next gang by its parts, and the wait for it', () => {
    const { costs, kept, milliseconds, ordinary } = billFaults(dead, training, [fault(68, 89)]);
    expect(costs).toEqual([{ lost: 6000, noticing: 2000, python: 8000, engine: 4000, restore: 2000, waiting: 4000 }]);
    expect(milliseconds).toBe(160_000);
    expect(ordinary).toEqual({ checkpoint: 3000 });
    expect(kept).toBe(160_000 - 26_000 - 3000);
  });

  test('has nothing of a fault that ranks did not notice', () => {
    const { costs } = billFaults(dead, training, [fault(68, 89), fault(130, 190)]);
    expect(costs[1]).toEqual({ lost: 0, noticing: 0, python: 0, engine: 0, restore: 0, waiting: 0 });
  });

  test('adds up, wherever it is cut and whenever faults are said to have struck', () => {
    const moments = fc.uniqueArray(fc.integer({ min: 0, max: 240 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(moments, (drawn) => {
        const [from = 0, ...rest] = [...drawn].sort((a, b) => a - b);
        const to = rest.pop() ?? from;
        const faults = rest.flatMap((at, index) =>
          index % 2 === 0 && rest[index + 1] !== undefined ? [fault(at, rest[index + 1] ?? at)] : [],
        );
        const bill = billFaults(dead, { from: second(from), to: second(to) }, faults);
        const all = [bill.kept, ...Object.values(bill.ordinary), ...bill.costs.flatMap((cost) => Object.values(cost))];
        expect(all.every((ms) => ms >= 0)).toBe(true);
        expect(all.reduce((sum, ms) => sum + ms, 0)).toBe(bill.milliseconds);
        expect(bill.milliseconds).toBe(1000 * Math.max(0, Math.min(to, 220) - from));
      }),
    );
  });
});
