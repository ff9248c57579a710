import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { isRank, Sandbox, type FormworkProcess, type FoundProcess } from '../e2e/sandbox.js';

/** The first gang of a run's training. */
export const TRAINING_JOB = 'round-0-t0';

const LOOK_MS = 1000;

/** A run as a user starts it: a terminal that watches it, an embedded server, two local nodes. */
export class MeasuredRun {
  readonly box = new Sandbox();
  private command: FormworkProcess | null = null;

  start(request: (folder: string) => FineTuningRequestInput): void {
    writeFileSync(join(this.box.root, 'request.json'), JSON.stringify(request(join(this.box.root, 'data'))));
    this.command = this.box.formwork(['run', 'request.json', '--set', 'runKey=cost']);
  }

  /** Ranks of the training that run now. */
  ranks(): FoundProcess[] {
    return this.box.processes().filter(isRank(TRAINING_JOB, null));
  }

  /** Looks until there is something. @throws when the run ends before. */
  async until<T>(what: string, look: () => T | null | Promise<T | null>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      const code = this.command?.child.exitCode ?? null;
      if (code !== null)
        throw new Error(`the run ended with ${code} before ${what}:\n${this.command?.stdout}${this.command?.stderr}`);
      await delay(LOOK_MS);
    }
  }

  close(): Promise<void> {
    return this.box.close();
  }
}
