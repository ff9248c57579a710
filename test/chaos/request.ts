import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { shortRequest } from '../e2e/short-request.js';
import type { CellEnd } from './cells.js';

/** Of one node: the two cost 0.4 USD a second, so that a cap is reached a second after it was set. */
export const HOURLY_USD = 720;
/** The shortest lease there is: a renewal is every 100 s, which is what a cap may be passed by. */
export const LEASE_MINUTES = 5;
/** Several times what the run costs. */
export const AMPLE_USD = 5000;

/** A run of about a minute on two idle cores; the same for all cells, but for what only says when it is to stop or to go on. */
export const cellRequest =
  (end: CellEnd) =>
  (folder: string): FineTuningRequestInput => ({
    ...shortRequest(folder),
    cluster: { pricePerNodeHourUsd: HOURLY_USD, leaseMinutes: LEASE_MINUTES },
    maxSpendUsd: AMPLE_USD,
    // The least wait there is; recovery looks once a minute.
    recovery: { waitMinutes: 1, afterTerminate: end === 'recovered' },
  });
