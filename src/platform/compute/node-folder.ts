import { join } from 'node:path';
import { z } from 'zod';
import { NodeTags } from '../../contract/cluster.js';
import { readJson, writeJson } from '../files.js';

const Identity = z.object({ pid: z.int(), startTime: z.string() });

/** What a launch wrote before the machine existed. */
export const NodeRecord = z.object({
  nodeId: z.string(),
  tags: NodeTags,
  taskQueue: z.string(),
  server: z.object({ address: z.string(), namespace: z.string() }),
  launchedAt: z.iso.datetime(),
  pricePerHourUsd: z.number().default(0).describe('nodes of versions that knew no price have none'),
});
export type NodeRecord = z.infer<typeof NodeRecord>;

const HostRecord = z.object({ host: Identity });
const DeadlineRecord = z.object({ deadline: z.iso.datetime() });
const TerminatedRecord = z.object({ at: z.iso.datetime(), reason: z.string() });

/** The folder that is a node of the local provider. Each file has one writer and appears whole. */
export class NodeFolder {
  constructor(readonly root: string) {}

  readonly work = (): string => join(this.root, 'work');
  /** Held while a launch looks for the host and starts it. */
  readonly launchLock = (): string => this.path('launch.lock');
  /** Held by the host that the node has, and by its worker, as long as they live: one of each, whoever started it. */
  readonly hostLock = (): string => this.path('host.lock');
  readonly workerLock = (): string => this.path('worker.lock');
  readonly log = (name: string): string => join(this.root, 'logs', `${name}.log`);

  readonly record = (): Promise<NodeRecord | null> => readJson(this.path('node.json'), NodeRecord);
  readonly writeRecord = (record: NodeRecord): Promise<void> => writeJson(this.path('node.json'), record);

  /** Written by the host itself as its first act. */
  readonly host = async (): Promise<z.infer<typeof Identity> | null> =>
    (await readJson(this.path('host.json'), HostRecord))?.host ?? null;
  readonly writeHost = (host: z.infer<typeof Identity>): Promise<void> => writeJson(this.path('host.json'), { host });

  /** Moved forward by each renewal; the host ends the node when it passes. */
  readonly deadline = async (): Promise<Date | null> => {
    const record = await readJson(this.path('deadline.json'), DeadlineRecord);
    return record === null ? null : new Date(record.deadline);
  };
  readonly writeDeadline = (deadline: Date): Promise<void> =>
    writeJson(this.path('deadline.json'), { deadline: deadline.toISOString() });

  readonly terminated = (): Promise<z.infer<typeof TerminatedRecord> | null> =>
    readJson(this.path('terminated.json'), TerminatedRecord);
  readonly writeTerminated = (reason: string, at = new Date()): Promise<void> =>
    writeJson(this.path('terminated.json'), { at: at.toISOString(), reason });

  private path(name: string): string {
    return join(this.root, name);
  }
}
