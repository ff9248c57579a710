import type { JobRunner, StopMode } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';

/** Ends a job of this node, with or without a checkpoint, and returns when its ranks are gone. */
export const stopRanks =
  (ports: { jobs: JobRunner }) =>
  (input: { jobId: string; mode: StopMode }): Promise<void> =>
    beating(() => ports.jobs.stop(input.jobId, input.mode));
