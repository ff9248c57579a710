import type { ProcessorTimes } from './processor-times.js';

/** What a process is there for; `rank` is the training itself, everything else is what durability costs. */
export type Role = 'rank' | (string & {});

export interface Seen extends ProcessorTimes {
  role: Role;
}

/** CPU-seconds by role. */
export type Totals = ReadonlyMap<Role, number>;

/**
 * Adds up what processes have used, those included that have ended: the kernel passes the times of a child to the parent that waits for
 * it. Only of a child that nobody of ours was left to wait for, the last look counts. A rank that has ended is taken out of whoever
 * waited for it; what it used after the last look at it stays there, so the cost of what is around the ranks is never told too low.
 */
export class CpuLedger {
  private alive = new Map<number, Seen>();
  private readonly ended = new Map<Role, number>();

  look(processes: readonly Seen[]): void {
    const now = new Map(processes.map((seen) => [seen.pid, seen]));
    const before = this.alive;
    const lives = ({ pid, startTime }: Seen): boolean => now.get(pid)?.startTime === startTime;
    for (const gone of [...before.values()].filter((seen) => !lives(seen))) {
      const heir = firstAncestor(gone, before, lives);
      const used = gone.own + gone.children;
      if (gone.role === 'rank') {
        this.add('rank', used);
        if (heir !== null) this.add(heir.role, -used);
      } else if (heir === null) {
        this.add(gone.role, used);
      }
    }
    this.alive = now;
  }

  totals(): Totals {
    const totals = new Map(this.ended);
    for (const { role, own, children } of this.alive.values()) totals.set(role, (totals.get(role) ?? 0) + own + children);
    return totals;
  }

  private add(role: Role, seconds: number): void {
    this.ended.set(role, (this.ended.get(role) ?? 0) + seconds);
  }
}

/** Whose own account the times of a process that is gone have come to, through parents that are gone too. */
function firstAncestor(gone: Seen, before: ReadonlyMap<number, Seen>, lives: (seen: Seen) => boolean): Seen | null {
  let parent = before.get(gone.parent);
  while (parent !== undefined && !lives(parent)) parent = before.get(parent.parent);
  return parent ?? null;
}

/** What was used between two looks. */
export function difference(from: Totals, to: Totals): Totals {
  return new Map([...to].map(([role, seconds]) => [role, seconds - (from.get(role) ?? 0)]));
}
