import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JobSpec, SupervisorState } from '../../contract/job.js';
import { RunnerEvent } from '../../contract/runner-event.js';
import { Failure } from '../../domain/failures.js';
import { createAtomically, nullIfMissing, readJson, writeJson } from '../files.js';
import type { ProcessIdentity } from '../process/process-identity.js';

/** Events of a few hundred bytes each: the newest step is among the last of them. */
const EVENTS_TAIL_BYTES = 16 * 1024;

const Claimant = z.object({ pid: z.int(), startTime: z.string() });

export interface PlacedEvent {
  event: RunnerEvent;
  /** Bytes of the file up to and with this event. */
  end: number;
}

/** Files of one job, relative to the work folder of its node: what supervisor, ranks and follower tell each other. */
export class JobFolder {
  readonly root: string;

  constructor(
    readonly work: string,
    readonly jobId: string,
  ) {
    this.root = join(work, 'jobs', jobId);
  }

  /** Relative to the work folder, as ranks see them. */
  readonly planPath = (): string => join('jobs', this.jobId, 'plan.json');
  readonly eventsPath = (rank: number): string => join('jobs', this.jobId, 'events', `rank-${rank}.jsonl`);
  readonly logPath = (rank: number): string => join('jobs', this.jobId, 'logs', `rank-${rank}.log`);
  readonly supervisorLog = (): string => join(this.root, 'logs', 'supervisor.log');

  readonly spec = (): Promise<JobSpec | null> => readJson(join(this.root, 'job.json'), JobSpec);
  readonly state = (): Promise<SupervisorState | null> => readJson(join(this.root, 'supervisor.json'), SupervisorState);
  readonly writeState = (state: SupervisorState): Promise<void> => writeJson(join(this.root, 'supervisor.json'), state);

  async writeSpec(spec: JobSpec): Promise<void> {
    for (const folder of ['events', 'logs']) await mkdir(join(this.root, folder), { recursive: true });
    await writeJson(join(this.root, 'plan.json'), spec.plan);
    await writeJson(join(this.root, 'job.json'), spec);
  }

  /** True for exactly one caller: a job is supervised once, however often it is started. */
  async claim(supervisor: ProcessIdentity): Promise<boolean> {
    return createAtomically(join(this.root, 'claimed.json'), JSON.stringify(supervisor));
  }

  /** Who has claimed it; null: nobody yet. */
  readonly claimant = (): Promise<ProcessIdentity | null> => readJson(join(this.root, 'claimed.json'), Claimant);

  /** Whole lines of a rank's events after `offset`. @throws Failure RunnerCrashed for a line that is no event. */
  async events(rank: number, offset: number): Promise<PlacedEvent[]> {
    const text = await readFrom(join(this.work, this.eventsPath(rank)), offset);
    const placed: PlacedEvent[] = [];
    let end = offset;
    for (const line of text
      .subarray(0, text.lastIndexOf(0x0a) + 1)
      .toString('utf8')
      .split('\n')
      .slice(0, -1)) {
      end += Buffer.byteLength(line) + 1;
      placed.push({ event: parseEvent(line, rank), end });
    }
    return placed;
  }

  /** The newest step that a rank has told of, 0 before the first. Reads the end of its file alone, so it may be asked often. */
  async newestStep(rank: number): Promise<number> {
    const path = join(this.work, this.eventsPath(rank));
    const size = (await stat(path).catch(nullIfMissing))?.size ?? 0;
    const from = Math.max(0, size - EVENTS_TAIL_BYTES);
    const tail = (await readFrom(path, from)).toString('utf8');
    // The first line may be cut off, the last one is being written.
    const lines = tail.split('\n').slice(from === 0 ? 0 : 1, -1);
    const told = lines.findLast((line) => /^\{.*"kind": ?"step".*\}$/.test(line));
    const event = told === undefined ? null : parseEvent(told, rank);
    return event?.kind === 'step' ? event.step : 0;
  }

  /** Bytes of a rank's log after `offset`. */
  log(rank: number, offset: number): Promise<Buffer> {
    return readFrom(join(this.work, this.logPath(rank)), offset);
  }

  async logTail(rank: number, lines: number): Promise<string[]> {
    const path = join(this.work, this.logPath(rank));
    const size = (await stat(path).catch(() => null))?.size ?? 0;
    // A line of a log is rarely longer than 400 bytes; what is cut off at the front is one line.
    const text = (await readFrom(path, Math.max(0, size - lines * 400))).toString('utf8');
    return text.trim() === '' ? [] : text.trimEnd().split('\n').slice(-lines);
  }
}

function parseEvent(line: string, rank: number): RunnerEvent {
  try {
    return RunnerEvent.parse(JSON.parse(line));
  } catch (error) {
    throw new Failure(
      'RunnerCrashed',
      `rank ${rank} wrote an event that is not in the contract: ${line.slice(0, 200)}`,
      { rank },
      { cause: error },
    );
  }
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    if (size <= offset) return Buffer.alloc(0);
    const buffer = Buffer.alloc(size - offset);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
