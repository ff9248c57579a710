import type { Duty } from './job-events.js';

type CheckpointDuty = Extract<Duty, { kind: 'checkpoint' }>;

/**
 * What a follower has still to publish. Weights are all needed, and come before a checkpoint that is newer than they. Of
 * checkpoints that wait only the newest few are kept: those before give way to them, so a node's disk stays bounded however long
 * the store is away.
 */
export class DutyQueue {
  private waiting: Duty[] = [];
  private current: Duty | null = null;

  /** @param kept how many checkpoints may wait. */
  constructor(private readonly kept: number) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** In the order in which ranks told of them. */
  get all(): readonly Duty[] {
    return this.waiting;
  }

  /** Takes what was told since. @returns the checkpoints that give way because of it. */
  add(duties: readonly Duty[]): CheckpointDuty[] {
    this.waiting.push(...duties);
    const checkpoints = this.waiting.filter((duty) => duty.kind === 'checkpoint');
    const newest = checkpoints.slice(-this.kept);
    const [heir] = newest;
    return heir === undefined ? [] : this.giveWay(heir);
  }

  /** Begins a duty. @returns the checkpoints that give way because a newer one is begun. */
  begin(duty: Duty): CheckpointDuty[] {
    this.current = duty;
    return duty.kind === 'checkpoint' ? this.giveWay(duty) : [];
  }

  /** The one that was begun is over: `done`, or to be tried again. */
  end(done: boolean): void {
    if (done) this.waiting = this.waiting.filter((duty) => duty !== this.current);
    this.current = null;
  }

  private giveWay(heir: CheckpointDuty): CheckpointDuty[] {
    const older = this.waiting.filter(
      (duty): duty is CheckpointDuty => duty.kind === 'checkpoint' && duty.local.step < heir.local.step && duty !== this.current,
    );
    this.waiting = this.waiting.filter((duty) => !older.includes(duty as CheckpointDuty));
    // Whatever they had taken over goes on with them: the cursor passes all of it with the heir.
    heir.passedOver.push(...older.flatMap((duty) => [...duty.passedOver, duty]));
    return older;
  }
}
