import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Trajectory } from '../../src/contract/checkpoint.js';
import { RunnerEvent } from '../../src/contract/runner-event.js';

/** What a run's training shows from outside: its files on the nodes and in the store. */
export class TrainingWatch {
  constructor(
    private readonly home: string,
    private readonly runKey: string,
    private readonly round = '0',
  ) {}

  /** The newest step that a rank of this trajectory has told of, on the nodes that are there. */
  step(trajectory: number): number {
    const nodes = join(this.home, 'nodes');
    const job = `round-${this.round}-t${trajectory}`;
    const events = namesIn(nodes)
      .map((node) => join(nodes, node, 'work', 'jobs', job, 'events'))
      .flatMap((folder) => namesIn(folder).flatMap((rank) => readEvents(join(folder, rank))));
    return Math.max(0, ...events.flatMap((event) => (event.kind === 'step' ? [event.step] : [])));
  }

  /** Checkpoints of this trajectory that count: their manifest is in the store. */
  checkpoints(trajectory: number): number[] {
    const folder = join(this.trajectoriesFolder(), String(trajectory), 'checkpoints');
    return namesIn(folder)
      .filter((name) => existsSync(join(folder, name, 'manifest.json')))
      .map((name) => Number(name.slice('step-'.length)));
  }

  trajectories(): Trajectory[] {
    const folder = this.trajectoriesFolder();
    return namesIn(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => Trajectory.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
      .sort((a, b) => a.trajectory - b.trajectory);
  }

  private trajectoriesFolder(): string {
    return join(this.home, 'store', 'runs', this.runKey, 'rounds', this.round, 'trajectories');
  }

  /**
   * Resolves at the first look that finds this step reached and a checkpoint committed.
   * @throws Error when another trajectory has begun before.
   */
  async reached(trajectory: number, step: number): Promise<void> {
    for (;;) {
      const over = this.trajectories().find((later) => later.trajectory > trajectory);
      const newest = this.step(trajectory);
      if (newest >= step && this.checkpoints(trajectory).length > 0) return;
      if (over !== undefined) throw new Error(`step ${step} of trajectory ${trajectory} is not reached: ${JSON.stringify(over)}`);
      await delay(30);
    }
  }
}

/** Every event of every rank of a round, as the store has it. */
export function storedEvents(home: string, runKey: string, round = '0'): { trajectory: number; event: RunnerEvent }[] {
  const root = join(home, 'store', 'runs', runKey, 'rounds', round, 'trajectories');
  const trajectories = namesIn(root).filter((name) => /^\d+$/.test(name));
  return trajectories.flatMap((trajectory) =>
    readdirSync(join(root, trajectory))
      .filter((name) => name.startsWith('node-'))
      .flatMap((node) => {
        const events = join(root, trajectory, node, 'events');
        return namesIn(events).flatMap((rank) => {
          let reached = 0;
          const text = readdirSync(join(events, rank))
            .sort()
            .map((part) => {
              const [from = 0, to = 0] = part.split('-').map(Number);
              const fresh = readFileSync(join(events, rank, part)).subarray(Math.max(0, reached - from));
              reached = Math.max(reached, to);
              return fresh.toString('utf8');
            })
            .join('');
          return parseEvents(text).map((event) => ({ trajectory: Number(trajectory), event }));
        });
      }),
  );
}

/** Every step of every rank and trajectory, as the store has it. */
export function storedSteps(
  home: string,
  runKey: string,
  round = '0',
): { rank: number; step: number; trajectory: number; lossHex: string | null; at: number }[] {
  return storedEvents(home, runKey, round).flatMap(({ trajectory, event }) =>
    event.kind === 'step'
      ? [{ rank: event.rank, step: event.step, trajectory, lossHex: event.loss_hex, at: Date.parse(event.time) }]
      : [],
  );
}

/** None of a file that is not there: its node may end between two looks. */
function readEvents(path: string): RunnerEvent[] {
  return parseEvents(unlessMissing(() => readFileSync(path, 'utf8')) ?? '');
}

const namesIn = (folder: string): string[] => unlessMissing(() => readdirSync(folder)) ?? [];

function unlessMissing<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The whole lines; the last one may be being written. */
function parseEvents(text: string): RunnerEvent[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1)
    .map((line) => RunnerEvent.parse(JSON.parse(line)));
}
