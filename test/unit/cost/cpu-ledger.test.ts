import { describe, expect, test } from 'vitest';
import { CpuLedger, difference, type Seen } from '../../cost/cpu-ledger.js';

const seen = (role: string, pid: number, own: number, parent = 1, children = 0): Seen => ({
  ...{ role, pid, parent, own, children },
  startTime: `start of ${pid}`,
});
const host = (own: number, children = 0): Seen => seen('node hosts', 10, own, 1, children);

function totalsOf(...looks: Seen[][]): Record<string, number> {
  const ledger = new CpuLedger();
  for (const look of looks) ledger.look(look);
  return Object.fromEntries(ledger.totals());
}

describe('the times of a process that has ended', () => {
  test('are those that its parent waited for, to the last tick', () => {
    expect(totalsOf([host(1), seen('node workers', 11, 5, 10)], [host(1, 7)])).toEqual({ 'node hosts': 8 });
  });

  test('are of the last look where its parent was none of ours, or is gone too', () => {
    expect(totalsOf([host(1), seen('node workers', 11, 5, 10)], [])).toEqual({ 'node hosts': 1, 'node workers': 5 });
  });

  test('come through a parent that ended in the same moment', () => {
    const looks = [[host(1), seen('node workers', 11, 2, 10), seen('rank supervisors', 12, 3, 11)], [host(1, 5)]];
    expect(totalsOf(...looks)).toEqual({ 'node hosts': 6 });
  });

  test('stay those of a rank, whoever waited for it', () => {
    const looks = [
      [seen('node workers', 11, 2), seen('rank supervisors', 12, 3, 11), seen('rank', 13, 100, 12)],
      [seen('node workers', 11, 2), seen('rank supervisors', 12, 3, 11, 100.5)],
      [seen('node workers', 11, 2, 1, 103.5)],
    ];
    expect(totalsOf(...looks.slice(0, 2))).toEqual({ 'node workers': 2, 'rank supervisors': 3.5, rank: 100 });
    const { rank, ...outside } = totalsOf(...looks);
    expect(rank).toBe(100);
    expect(Object.values(outside).reduce((sum, seconds) => sum + seconds, 0)).toBe(5.5);
  });
});

test('a process with the number of one that has ended is another one', () => {
  const again = { ...seen('server', 11, 1), startTime: 'later' };
  expect(totalsOf([seen('server', 11, 5)], [again])).toEqual({ server: 6 });
});

test('between two looks, what each role has used since', () => {
  const from = new Map([['rank', 10]]);
  const to = new Map([
    ['rank', 15],
    ['server', 2],
  ]);
  expect(Object.fromEntries(difference(from, to))).toEqual({ rank: 5, server: 2 });
});
