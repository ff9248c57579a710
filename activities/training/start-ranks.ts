import type { JobSpec } from '../../src/contract/job.js';
import type { WorkLog } from '../../src/platform/ledger/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { beating } from '../beating.js';

/** Starts a job on this node, or finds it started: called twice, one set of ranks runs. */
export const startRanks =
  (ports: { jobs: JobRunner; workLog: WorkLog }) =>
  (spec: JobSpec): Promise<'started' | 'adopted'> =>
    beating(async () => {
      const at = new Date();
      const how = await ports.jobs.start(spec);
      void ports.workLog.started(spec, at);
      return how;
    });
