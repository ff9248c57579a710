import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FAILURE_KINDS } from '../../contract/kinds.js';
import { nullIfMissing, readJson, writeJson } from '../files.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../process/process-identity.js';

const Identity = z.object({ pid: z.int(), startTime: z.string() });

/** What a control host says of itself once server and worker are up. */
export const ControlRecord = z.object({
  host: Identity,
  server: z.object({
    address: z.string(),
    namespace: z.string(),
    /** null for a server that is not ours. */
    embedded: z.object({ process: Identity, port: z.int(), uiPort: z.int() }).nullable(),
    uiUrl: z.string().nullable(),
  }),
  startedAt: z.iso.datetime(),
});
export type ControlRecord = z.infer<typeof ControlRecord>;

const FailureRecord = z.object({ kind: z.enum(FAILURE_KINDS), message: z.string() });
const Holder = z.object({ process: Identity.nullable() });

/** Files by which the control host and those who need it know of each other. */
export class ControlFolder {
  constructor(readonly root: string) {}

  readonly log = (name: string): string => join(this.root, `${name}.log`);
  readonly lock = (): string => join(this.root, 'lock');

  /** The host that runs now; null when none does, whatever the file says. */
  async running(): Promise<ControlRecord | null> {
    const record = await this.lastRecord();
    return record !== null && (await isAlive(record.host)) ? record : null;
  }
  /** What the newest host wrote, also one that is gone. */
  readonly lastRecord = (): Promise<ControlRecord | null> => readJson(this.path('host.json'), ControlRecord);
  readonly writeRecord = (record: ControlRecord): Promise<void> => writeJson(this.path('host.json'), record);
  readonly removeRecord = (): Promise<void> => rm(this.path('host.json'), { force: true });

  /** Why the newest host did not come up. */
  readonly failure = (): Promise<z.infer<typeof FailureRecord> | null> => readJson(this.path('failure.json'), FailureRecord);
  readonly writeFailure = (failure: z.infer<typeof FailureRecord>): Promise<void> => writeJson(this.path('failure.json'), failure);
  readonly clearFailure = (): Promise<void> => rm(this.path('failure.json'), { force: true });

  /** Keeps the host up while this process lives, or with `forever` until `formwork down`. */
  async hold({ forever }: { forever: boolean }): Promise<void> {
    await mkdir(this.path('holders'), { recursive: true });
    await writeJson(this.holder(forever), { process: forever ? null : await ownIdentity() });
  }

  letGo({ forever } = { forever: false }): Promise<void> {
    return rm(this.holder(forever), { force: true });
  }

  letAllGo(): Promise<void> {
    return rm(this.path('holders'), { recursive: true, force: true });
  }

  /** Who needs the host: processes that live, and null for `formwork up`. */
  async holders(): Promise<(ProcessIdentity | null)[]> {
    const names = ((await readdir(this.path('holders')).catch(nullIfMissing)) ?? []).filter((name) => name.endsWith('.json'));
    const found = await Promise.all(names.map((name) => readJson(join(this.path('holders'), name), Holder)));
    const holders = found.filter((holder) => holder !== null).map((holder) => holder.process);
    const alive = await Promise.all(holders.map(async (holder) => holder === null || isAlive(holder)));
    return holders.filter((_, index) => alive[index]);
  }

  private holder(forever: boolean): string {
    return join(this.path('holders'), `${forever ? 'up' : process.pid}.json`);
  }

  private path(name: string): string {
    return join(this.root, name);
  }
}
