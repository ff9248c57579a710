import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FollowCursor, JobSpec } from '../../src/contract/job.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';
import { partKey } from './log-shipper.js';

/**
 * Brings events to the store in parts that end with a checkpoint: the cursor stands at such an end, so a part that is shipped
 * again has the same name and the same content.
 */
export class EventShipper {
  constructor(
    private readonly store: ObjectStore,
    private readonly jobs: JobRunner,
    private readonly spec: JobSpec,
  ) {}

  async ship(from: FollowCursor, to: FollowCursor): Promise<void> {
    for (const [rank, end] of Object.entries(to.offsets)) {
      const start = from.offsets[rank] ?? 0;
      if (end <= start) continue;
      const path = join(this.jobs.work, 'jobs', this.spec.jobId, 'events', `rank-${rank}.jsonl`);
      const part = (await readFile(path)).subarray(start, end);
      await this.store.putIfAbsent(partKey(this.spec.storePrefix, 'events', Number(rank), start, end), part);
    }
  }
}
