import { readFileSync } from 'node:fs';
import { parseStat } from '../cost/processor-times.js';
import type { Process } from './result.js';

const PHASES = ['ramp', 'hold', 'drain'] as const;
type Phase = (typeof PHASES)[number];

/** Memory and processor time of a process, by the kernel's account. */
export class WatchedProcess {
  private readonly idleMib: number;
  private readyMib = 0;
  private readonly marks: { all: number; main: number; written: number }[] = [];

  constructor(private readonly pid: number) {
    this.idleMib = this.memory('VmRSS');
  }

  /** Everything is up, and the first phase begins. */
  begin(): void {
    this.readyMib = this.memory('VmRSS');
    this.mark();
  }

  /** The end of a phase, in their order. */
  mark(): void {
    this.marks.push(this.look());
  }

  measured(): Process {
    return {
      idleMib: this.idleMib,
      readyMib: this.readyMib,
      peakMib: this.memory('VmHWM'),
      cpu: this.inPhases(({ all }) => all),
      mainThread: this.inPhases(({ main }) => main),
    };
  }

  /** To the disk since the beginning. */
  writtenBytes(): number {
    return this.look().written - (this.marks[0]?.written ?? 0);
  }

  private inPhases(pick: (mark: { all: number; main: number }) => number): Record<Phase, number> {
    const seconds = PHASES.map((phase, index): [Phase, number] => {
      const [from, to] = [this.marks[index], this.marks[index + 1]];
      if (from === undefined || to === undefined) throw new Error(`phase ${phase} has no end`);
      return [phase, pick(to) - pick(from)];
    });
    return Object.fromEntries(seconds) as Record<Phase, number>;
  }

  private look(): { all: number; main: number; written: number } {
    return {
      all: this.seconds(`/proc/${this.pid}/stat`),
      main: this.seconds(`/proc/${this.pid}/task/${this.pid}/stat`),
      written: this.field('io', 'write_bytes'),
    };
  }

  private seconds(path: string): number {
    return parseStat(this.pid, readFileSync(path, 'utf8'))?.own ?? 0;
  }

  private memory(name: 'VmRSS' | 'VmHWM'): number {
    return this.field('status', name) / 1024;
  }

  private field(file: string, name: string): number {
    const text = readFileSync(`/proc/${this.pid}/${file}`, 'utf8');
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1];
    if (found === undefined) throw new Error(`/proc/${this.pid}/${file} has no ${name}`);
    return Number(found);
  }
}
