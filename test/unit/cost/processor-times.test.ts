import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parseStat, processorTimes } from '../../cost/processor-times.js';

const line = (state: string): string =>
  `42 (a (strange) name) ${state} 7 42 42 0 -1 4194560 100 200 0 0 150 50 300 25 20 0 3 0 98765 1000 10 18446744073709551615`;

test('a line of the kernel is read by its fields, whatever the name of the command is', () => {
  expect(parseStat(42, line('S'))).toEqual({ pid: 42, startTime: '98765', parent: 7, own: 2, children: 3.25 });
});

test('a process that has ended and only was not waited for has no times of its own any more', () => {
  expect(parseStat(42, line('Z'))).toBeNull();
});

test.runIf(process.platform === 'linux')(
  'own times are those that Node itself asks for, and a child that ended is in children',
  () => {
    const before = processorTimes(process.pid);
    execFileSync(process.execPath, ['-e', 'while (process.cpuUsage().user < 300_000);']);
    const { user, system } = process.cpuUsage();
    const times = processorTimes(process.pid);
    expect(times?.own).toBeCloseTo((user + system) / 1e6, 0);
    expect((times?.children ?? 0) - (before?.children ?? 0)).toBeGreaterThan(0.28);
  },
);
