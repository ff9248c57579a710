import type { RecoveryResult } from '../activities/run/recover-runs.js';
import { tending } from './acts.js';

/** Starts runs again that have failed and that nobody has to mend first. Started by a schedule; what it did and left is its result. */
export function runRecovery(): Promise<RecoveryResult> {
  return tending.recoverRuns();
}
