import { Listr, type ListrTaskWrapper, type DefaultRenderer, type SimpleRenderer } from 'listr2';
import { STAGES, type Stage } from '../contract/kinds.js';
import type { StageRecord } from '../contract/report.js';
import { named } from '../domain/failures.js';
import { duration, secondsBetween } from '../report/format.js';
import { parkedLine } from './parked-line.js';
import { progressLine } from './progress-line.js';
import type { RunView } from './run-watch.js';

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

/** How a stage ended on the screen. */
type Ending = { state: 'done'; text: string } | { state: 'left'; text: string };

/** A run on a terminal: its stages as a tree, and under the one that runs a bar with step, loss, speed and time left. */
export class TreeView {
  private readonly endings = new Map<Stage, (ending: Ending) => void>();
  private readonly ended = new Map<Stage, Promise<Ending>>();
  private readonly tasks = new Map<Stage, Task>();
  private readonly drawing: Promise<unknown>;

  constructor() {
    for (const stage of STAGES) this.ended.set(stage, new Promise((resolve) => this.endings.set(stage, resolve)));
    const list = new Listr(
      STAGES.map((stage) => ({ title: stage, task: (_: unknown, task: Task) => this.drawStage(stage, task) })),
      { exitOnError: false, registerSignalListeners: false, rendererOptions: { collapseSkips: false, showErrorMessage: false } },
    );
    this.drawing = list.run();
  }

  show({ status, progress }: RunView): void {
    for (const record of status.stages)
      if (record.endedAt !== null) this.endings.get(record.stage)?.({ state: 'done', text: ended(record) });
    const task = this.tasks.get(status.stage);
    if (task === undefined || (status.waitingFor === '' && status.parked === null)) return;
    const text =
      status.parked !== null
        ? parkedLine(status.runKey, status.parked)
        : progress === null
          ? `waiting for ${status.waitingFor}`
          : progressLine(progress, { bar: true });
    task.output = status.lastFailure === null ? text : `${text}\n${named(status.lastFailure)}`;
  }

  /** What did not come to its turn is left as it is. */
  async close(): Promise<void> {
    for (const stage of STAGES) this.endings.get(stage)?.({ state: 'left', text: stage });
    await this.drawing;
  }

  private async drawStage(stage: Stage, task: Task): Promise<void> {
    this.tasks.set(stage, task);
    const ending = await (this.ended.get(stage) as Promise<Ending>);
    task.title = ending.text;
    if (ending.state === 'left') task.skip();
  }
}

function ended({ stage, startedAt, endedAt, note }: StageRecord): string {
  return `${stage.padEnd(9)} ${duration(secondsBetween(startedAt, endedAt ?? startedAt)).padStart(12)}  ${note}`;
}
