import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc: USER_HZ, which Linux keeps at 100 for every program. */
const TICKS = 100;

/** What a process has used of the processors so far, by the kernel's own accounting. */
export interface ProcessorTimes {
  pid: number;
  startTime: string;
  parent: number;
  /** CPU-seconds of its own threads, user and system. */
  own: number;
  /** CPU-seconds of its children that have ended and were waited for, with theirs. */
  children: number;
}

/** Of a running process; null: it has ended. */
export function processorTimes(pid: number): ProcessorTimes | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  return stat === null ? null : parseStat(pid, stat);
}

/** A line of /proc/<pid>/stat, see proc_pid_stat(5): parent is field 4, the times are fields 14 to 17, the start is field 22. */
export function parseStat(pid: number, stat: string): ProcessorTimes | null {
  // The command name, field 2, is in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  if (field(3) === 'Z' || field(3) === 'X') return null;
  const seconds = (number: number): number => Number(field(number)) / TICKS;
  return {
    pid,
    startTime: field(22),
    parent: Number(field(4)),
    own: seconds(14) + seconds(15),
    children: seconds(16) + seconds(17),
  };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone in between.
    return null;
  }
}
