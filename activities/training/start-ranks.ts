import type { JobSpec } from '../../src/contract/job.js';
import type { JobRunner } from '../../src/platform/runner/port.js';

/** Starts a job on this node, or finds it started: called twice, one set of ranks runs. */
export const startRanks =
  (ports: { jobs: JobRunner }) =>
  async (spec: JobSpec): Promise<'started' | 'adopted'> =>
    ports.jobs.start(spec);
