import type { JobSpec } from '../../contract/job.js';
import type { Ledger, JobEnded, JobSeen } from '../../contract/ledger.js';

/** What runs have paid for. */
export interface LedgerBook {
  /** As far as store and provider know; a run that nobody has leased a node for has paid nothing. */
  read(runKey: string): Promise<Ledger>;
}

/**
 * A node's own word on what it does, in the ledger of its run. No work waits for it: what cannot be written is warned of and
 * given up, but for the end of a job, which fails so that it is tried again.
 */
export interface WorkLog {
  /** It has told what it is. The first word counts. */
  ready(from: Date, to: Date): Promise<void>;
  /** It was heard from, and lives until then unless it is heard from again. */
  renewed(deadline: Date): Promise<void>;
  /** Inputs of a job were brought here. */
  staged(from: Date, to: Date): Promise<void>;
  /** Ranks of a job were started, or found started. The first word counts. */
  started(spec: JobSpec, at: Date): Promise<void>;
  /** How far a job has come. */
  seen(spec: JobSpec, seen: Pick<JobSeen, 'startedAt' | 'marks'>): Promise<void>;
  /** All of a job is over and in the store. The first word counts. */
  ended(spec: JobSpec, end: Omit<JobEnded, 'jobId' | 'owner' | 'command' | 'trajectory'>): Promise<void>;
}
