import type { Logger } from '@temporalio/common';
import { diskWarning } from '../../src/domain/disk-watch.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';

/** A checkpoint of gigabytes takes about as long to be written. */
const LOOK_MS = 10_000;

/** Looks at the disk of a node, and at the store, while a job is followed: what is said early costs no checkpoint. */
export class DiskWatch {
  /** What is to be said now; null: nothing. */
  warning: string | null = null;
  private lookedAt = 0;

  constructor(
    private readonly jobs: JobRunner,
    private readonly store: ObjectStore,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /** Does not wait for the answer: a store that hangs must not hold up the watching. */
  look(checkpointBytes: number): void {
    if (Date.now() - this.lookedAt < LOOK_MS) return;
    // Until an answer comes, nobody asks again.
    this.lookedAt = Infinity;
    void this.ask(checkpointBytes)
      .catch((error: unknown) => {
        this.log.warn('free space could not be asked for', { err: error });
      })
      .finally(() => {
        this.lookedAt = Date.now();
      });
  }

  private async ask(checkpointBytes: number): Promise<void> {
    const stored = await this.store.freeBytes();
    const warning =
      diskWarning('the disk of this node', await this.jobs.freeBytes(), checkpointBytes) ??
      (stored === null ? null : diskWarning(`the store ${this.store.uri}`, stored, checkpointBytes));
    // Once for each stretch of time, not for each number.
    if (warning !== null && this.warning === null) this.log.warn('a disk is filling up', { warning });
    this.warning = warning;
  }
}
