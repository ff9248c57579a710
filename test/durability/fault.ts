import type { FailureKind } from '../../src/contract/kinds.js';
import type { Random } from '../../src/domain/random.js';
import type { Scene } from './scene.js';

/** What has to come of a fault. A row of the table that does not end so has failed. */
export type Expected =
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

/** What was done, and when. */
export interface Strike {
  /** For a person: which rank, which file. */
  what: string;
  at: number;
  /** When a fault that lasts was over; else the same as `at`. */
  overAt: number;
  /** Task queues whose workers have to come back. */
  queues?: string[];
  /** A checkpoint that training must not go on from. */
  damaged?: { trajectory: number; step: number };
}

export interface Fault {
  name: string;
  /** For the table in docs/durability.md. */
  does: string;
  expected: Expected;
  /** In `npm test` as well, where it is not seen by another test. */
  isInTest?: boolean;
  /** Of the run that it strikes, where the default would make a row of half an hour. */
  leaseMinutes?: number;
  /** What it needs that is not here, in one line; null: it can run. */
  missing?: () => string | null;
  /** Before the run is started. */
  prepare?: (scene: Scene) => void;
  /** `newest checkpoint`: in the moment in which one has been committed, so that it is the newest. Else at a random step. */
  moment?: 'newest checkpoint';
  /** It lasts longer than the ranks train: the next row is begun beside it when none of them runs any more. */
  outlastsRanks?: boolean;
  strike: (scene: Scene, random: Random) => Promise<Strike>;
}
