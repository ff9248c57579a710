import type { JobSpec } from '../../src/contract/job.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { JobRunner } from '../../src/platform/runner/port.js';

/** A reader of `formwork logs --follow` waits at most this long; more often would make many small objects of a long run. */
const SHIP_EVERY_MS = 5_000;

/** Where the parts of a rank's log and events lie; the name of a part is the range of bytes it holds, so parts sort in order. */
export const partKey = (prefix: string, kind: 'logs' | 'events', rank: number, from: number, to: number): string =>
  `${prefix}/${kind}/rank-${rank}/${pad(from)}-${pad(to)}`;

/** The end of what the parts of one rank cover already. */
function shippedUpTo(keys: readonly string[]): number {
  return Math.max(0, ...keys.map((key) => Number(key.slice(-PAD))));
}

/** Brings the logs of a node's ranks to the store while they grow, so that they outlive the node. */
export class LogShipper {
  private readonly offsets = new Map<number, number>();
  private shippedAt = 0;

  constructor(
    private readonly store: ObjectStore,
    private readonly jobs: JobRunner,
    private readonly spec: JobSpec,
  ) {}

  async ship(options: { now: boolean }): Promise<void> {
    if (!options.now && Date.now() - this.shippedAt < SHIP_EVERY_MS) return;
    this.shippedAt = Date.now();
    for (let i = 0; i < this.spec.ranks.count; i += 1) {
      const rank = this.spec.ranks.first + i;
      const from = this.offsets.get(rank) ?? (await this.alreadyShipped(rank));
      const text = await this.jobs.log(this.spec.jobId, rank, from);
      if (text.length > 0)
        await this.store.putIfAbsent(partKey(this.spec.storePrefix, 'logs', rank, from, from + text.length), text);
      this.offsets.set(rank, from + text.length);
    }
  }

  private async alreadyShipped(rank: number): Promise<number> {
    const parts = await this.store.list(`${this.spec.storePrefix}/logs/rank-${rank}/`);
    return shippedUpTo(parts.map((part) => part.key));
  }
}

const PAD = 12;
const pad = (offset: number): string => String(offset).padStart(PAD, '0');
