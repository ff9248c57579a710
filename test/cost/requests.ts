import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { minuteOfTraining } from '../durability/request.js';

/** The default run, so long that it is still in training whenever the measurement is over. */
export const longTraining = (): FineTuningRequestInput => ({ training: { epochs: 1000 } });

/** For pairs: short enough for several, long enough that a percent of it is more than the clock's grain. */
export const shortTraining = minuteOfTraining;
