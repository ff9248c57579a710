import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { CheckpointManifest } from '../../src/contract/checkpoint.js';
import { Incident } from '../../src/contract/incident.js';
import { RunStatus } from '../../src/contract/run.js';
import { runWorkflowId } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { trajectoriesFolder } from './lines.js';

/** What is read has its own time in it, so this only has to see it before the next thing takes its place. */
const LOOK_MS = 500;
/** A server that is stopped answers nothing; the other sources must not wait for it. */
const ANSWER_MS = 2_000;

export interface Told {
  kind: string;
  at: number;
}

export interface Commit {
  trajectory: number;
  step: number;
  at: number;
}

/** Writes down, while a run lasts, what its record says and would not say any more afterwards. */
export class Chronicle {
  /** What has ended a gang, in order, by the run's own record: its status names only the newest, and two may be half a second apart. */
  failures: Told[] = [];
  /** Checkpoints, by the key of their manifest. */
  readonly commits = new Map<string, Commit>();
  /** Status of the run's workflow once it is closed, in lower case; `parked` where it waits for a person, as none comes here. */
  outcome: string | null = null;
  private isOver = false;
  private readonly looking: Promise<void>;

  constructor(
    private readonly client: Client,
    private readonly runKey: string,
    private readonly store: string,
  ) {
    this.looking = Promise.all([this.loop(() => this.askServer()), this.loop(() => unlessAway(() => this.lookAtStore()))]).then(
      () => undefined,
    );
    // Thrown on by end().
    this.looking.catch(() => undefined);
  }

  /** The status that the run was closed with, `open` when it was not by `end`. */
  async closed(end: number): Promise<string> {
    while (this.outcome === null && Date.now() < end) await delay(LOOK_MS);
    return this.outcome ?? 'open';
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.looking;
  }

  private async loop(look: () => Promise<void>): Promise<void> {
    while (!this.isOver) {
      await look();
      await delay(LOOK_MS);
    }
  }

  private async askServer(): Promise<void> {
    if (this.outcome !== null) return;
    const handle = this.client.workflow.getHandle(runWorkflowId(this.runKey));
    try {
      await this.client.withDeadline(Date.now() + ANSWER_MS, async () => {
        const { status } = await handle.describe();
        const { parked } = RunStatus.parse(await handle.query('status'));
        if (parked !== null) this.outcome = 'parked';
        else if (status.name !== 'RUNNING' && status.name !== 'PAUSED') this.outcome = status.name.toLowerCase();
      });
    } catch {
      // Server or worker is away, which is what these tests do; the next look tells more.
    }
  }

  private async lookAtStore(): Promise<void> {
    this.failures = await this.readFailures();
    await this.lookAtCommits();
  }

  private async readFailures(): Promise<Told[]> {
    const folder = join(this.store, runKeys.incidents(this.runKey));
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
    const incidents = await Promise.all(
      names.sort().map(async (name) => Incident.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
    );
    return incidents.flatMap(({ event, at, kind }) => (event === 'failed' ? [{ kind, at: Date.parse(at) }] : []));
  }

  /** Manifests of old checkpoints are removed with them. */
  private async lookAtCommits(): Promise<void> {
    const folder = trajectoriesFolder(this.store, this.runKey);
    for (const key of manifestsBelow(folder)) {
      if (this.commits.has(key)) continue;
      const manifest = CheckpointManifest.safeParse(JSON.parse(await readFile(join(folder, key), 'utf8')));
      // A torn one is none.
      if (!manifest.success) continue;
      const { trajectory, step, committedAt } = manifest.data;
      this.commits.set(key, { trajectory, step, at: Date.parse(committedAt) });
    }
  }
}

/** A store that is away is one of the faults; it is looked at again. */
async function unlessAway(look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!['ENOENT', 'EIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function manifestsBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /checkpoints\/step-\d+\/manifest\.json$/.test(path),
  );
}
