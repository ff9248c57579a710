import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { shortRequest } from '../e2e/short-request.js';

/** Rows that nobody learns much from: what is looked at is training, and little else takes time. */
const FEW = { validation: 24, test: 24 };

/**
 * A step of it takes a third of a second, on two cores that are busy with another row a second or two. A hang is noticed so much
 * sooner than by the product's two minutes, which are for steps of half a minute.
 */
const limits = { stepSeconds: 20 };

/** About a minute of training on two idle cores: room for a fault, its notice, and the way back. */
export const minuteOfTraining = (folder: string): FineTuningRequestInput => ({
  ...shortRequest(folder, { ...FEW, train: 3000 }),
  training: { epochs: 4, contextTokens: 256, batchTokens: 2048, checkpointEverySteps: 30 },
  limits,
});

/** A quarter of that, for `npm test`. */
export const shortTraining = (folder: string): FineTuningRequestInput => ({
  ...shortRequest(folder, { ...FEW, train: 1500 }),
  training: { epochs: 2, contextTokens: 256, batchTokens: 2048, checkpointEverySteps: 15 },
  limits,
});
