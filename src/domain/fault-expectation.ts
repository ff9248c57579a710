import type { FailureKind } from '../contract/kinds.js';

/** What has to come of a fault. */
export type FaultExpectation =
  /** Ranks do not notice: same processes, one trajectory, no step twice; the run completes with the weights of the unbroken one. */
  | {
      training: 'goes on';
      /** Seconds from the end of the fault until every worker that it hit polls again; null: it hits none. */
      contactWithin: number | null;
    }
  /** The gang forms again from a checkpoint; the run completes with the weights of the unbroken one. */
  | {
      training: 'forms again';
      /** What the run's record names as the cause; null: nothing has failed, somebody asked for it. */
      cause: FailureKind | null;
      /** Where the clock of the two limits below starts. */
      clock: 'fault' | 'step limit';
      noticedWithin: number;
      againWithin: number;
      /** Steps done again: at most this many intervals between checkpoints, and the steps of one upload. */
      intervals: number;
    }
  /** The run ends by it, and its machines with it. */
  | {
      training: 'ends';
      /** `unknown`: there is no server that could tell. */
      outcome: 'parked' | 'cancelled' | 'terminated' | 'unknown';
      /** Machines are gone so many seconds after the fault, or after the deadline of their lease. */
      clock: 'fault' | 'deadline';
      goneWithin: number;
    };

/** For a person. `code` marks a name as one. */
export function expectationInWords(expected: FaultExpectation, code: (name: string) => string = (name) => name): string {
  switch (expected.training) {
    case 'goes on': {
      const contact = expected.contactWithin === null ? '' : `; polled again within ${expected.contactWithin} s`;
      return `completed, equal weights; no rank restarted, no step done again${contact}`;
    }
    case 'forms again': {
      const from = expected.clock === 'fault' ? '' : ' past the step limit';
      const cause = expected.cause === null ? '' : ` as ${code(expected.cause)}`;
      const noticed = `noticed${cause} within ${expected.noticedWithin} s${from}`;
      const again = `training again within ${expected.againWithin} s${from}`;
      const checkpoint = expected.intervals === 1 ? 'the newest checkpoint' : 'the checkpoint before';
      return `completed, equal weights; ${noticed}, ${again}, from ${checkpoint}`;
    }
    case 'ends': {
      const outcome = expected.outcome === 'unknown' ? 'nobody left to ask' : expected.outcome;
      const clock = expected.clock === 'deadline' ? ' of the deadline of their lease' : '';
      return `${outcome}; machines gone within ${expected.goneWithin} s${clock}`;
    }
  }
}
