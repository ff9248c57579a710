import type { FaultExpectation } from '../../src/domain/fault-expectation.js';
import type { FaultName } from '../../src/domain/fault-table.js';
import type { Random } from '../../src/domain/random.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import type { Scene } from './scene.js';

/** A row of the table. One that does not end as it has to has failed. */
export interface Fault {
  name: FaultName;
  /** For the table in docs/durability.md. */
  does: string;
  expected: FaultExpectation;
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
