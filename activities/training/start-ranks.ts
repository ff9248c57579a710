import type { JobSpec } from '../../src/contract/job.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';

/** Starts a job on this node, or finds it started: called twice, one set of ranks runs. */
export const startRanks =
  (ports: { jobs: JobRunner }) =>
  (spec: JobSpec): Promise<'started' | 'adopted'> =>
    beating(() => ports.jobs.start(spec));
