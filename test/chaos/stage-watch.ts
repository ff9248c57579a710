import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { STAGES, type Stage } from '../../src/contract/kinds.js';
import { runKeys } from '../../src/domain/store-keys.js';

/** Often enough to hit a stage of a second in its middle. */
const LOOK_MS = 20;

/** What is there when a stage is done. Stages without a record of their own are not struck. */
const RECORD: Partial<Record<Stage, (runKey: string) => string>> = {
  plan: (runKey) => runKeys.owner(runKey, 1),
  lease: (runKey) => runKeys.step(runKey, 'nodes'),
  ...Object.fromEntries(
    (['prepare', 'baseline', 'smoke', 'train', 'evaluate', 'test', 'publish'] as const).map((stage) => [
      stage,
      (runKey: string) => runKeys.step(runKey, stage),
    ]),
  ),
};
const RECORDED = STAGES.filter((stage) => stage in RECORD);

/** In which stage a run is, by the records that it leaves, so without a question to the server that is to be struck. */
export class StageWatch {
  constructor(
    private readonly store: string,
    private readonly runKey: string,
  ) {}

  isIn(stage: Stage): boolean {
    const index = RECORDED.indexOf(stage);
    return (index === 0 || this.isDone(RECORDED[index - 1])) && !this.isDone(stage);
  }

  /** Resolves when everything before this stage is done. @throws when `isOver` says that it will not be. */
  async begun(stage: Stage, isOver: () => boolean): Promise<void> {
    const before = RECORDED[RECORDED.indexOf(stage) - 1];
    while (before !== undefined && !this.isDone(before)) {
      if (isOver()) throw new Error(`run ${this.runKey} ended before stage ${stage}`);
      await delay(LOOK_MS);
    }
  }

  /** Milliseconds that each stage of a run that is over has taken. */
  took(): Map<Stage, number> {
    return new Map(RECORDED.slice(1).map((stage, index) => [stage, this.doneAt(stage) - this.doneAt(RECORDED[index] as Stage)]));
  }

  private isDone(stage: Stage | undefined): boolean {
    return stage !== undefined && existsSync(this.fileOf(stage));
  }

  private doneAt(stage: Stage): number {
    return statSync(this.fileOf(stage)).mtimeMs;
  }

  private fileOf(stage: Stage): string {
    const record = RECORD[stage];
    if (record === undefined) throw new Error(`stage ${stage} leaves no record`);
    return join(this.store, record(this.runKey));
  }
}
