import type { FailureKind, Stage } from '../../src/contract/kinds.js';
import type { Random } from '../../src/domain/random.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import type { Siege } from './siege.js';

/** What has to come of one fault of several, with no person at hand. */
export type SiegeExpectation =
  /** No gang and no job fails. */
  | { run: 'goes on' }
  /** The gang forms again from a checkpoint, after it has failed of each of these, in order. */
  | { run: 'forms again'; causes: readonly FailureKind[] }
  /** The execution is over, and the schedule `run-recovery` starts another one. */
  | { run: 'is started again'; after: 'timed out' | 'terminated' };

/** A row of the table that is committed before the run: what is done in which stage, and what has to come of it. */
export interface SiegeFault {
  name: string;
  does: string;
  stage: Stage;
  /**
   * Between which shares the moment is drawn: of all steps in training, of the time that the unbroken run took for the stage
   * elsewhere.
   */
  window: readonly [from: number, to: number];
  /** Not at once when that moment has come: when a checkpoint has just been committed, or when the server has closed the run. */
  waitsFor?: 'newest checkpoint' | 'end of execution';
  expected: SiegeExpectation;
  strike: (siege: Siege, random: Random) => Promise<Strike>;
}

export function expectedInWords({ expected }: SiegeFault): string {
  switch (expected.run) {
    case 'goes on':
      return 'goes on, nothing fails';
    case 'forms again':
      return `gang forms again, told as ${expected.causes.map((cause) => `\`${cause}\``).join(', then ')}`;
    case 'is started again':
      return `execution over (${expected.after}); started again by the schedule`;
  }
}
