import type { FollowCursor, JobFence, JobSpec, SupervisorState } from '../../contract/job.js';
import type { PlacedEvent } from './job-folder.js';

/** `checkpoint`: ranks agree on a step, write a checkpoint and end. `now`: they are killed. */
export type StopMode = 'checkpoint' | 'now';

/** A job as its files and processes tell. */
export interface JobView {
  spec: JobSpec;
  /** null while the supervisor has not begun. */
  supervisor: SupervisorState | null;
  /** The supervisor runs, or has taken the job and not said so yet. */
  alive: boolean;
}

/** Runs gpu_runner commands on this node. Starting and stopping are idempotent; looking changes nothing. */
export interface JobRunner {
  /** Folder that paths of runner plans are relative to. */
  readonly work: string;

  /**
   * Starts a job, or adopts it when it was started before. Jobs of an older fence are ended first.
   * @throws Failure RunKeyInUse when a job of a newer fence runs here.
   */
  start(spec: JobSpec): Promise<'started' | 'adopted'>;

  look(jobId: string): Promise<JobView | null>;

  /** Ends a job and waits for its end; one that has ended, or never began, is no error. */
  stop(jobId: string, mode: StopMode): Promise<void>;

  /** Ends every job of a fence older than this, or with null every job at all. */
  stopOlder(fence: JobFence | null): Promise<void>;

  /** Events of each local rank after the cursor, in the order of each file. */
  events(jobId: string, cursor: FollowCursor): Promise<Map<number, PlacedEvent[]>>;

  log(jobId: string, rank: number, offset: number): Promise<Buffer>;

  /** Of the disk that jobs write to. */
  freeBytes(): Promise<number>;
}
