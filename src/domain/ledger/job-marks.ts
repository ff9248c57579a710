import type { RunnerCommand, Spending } from '../../contract/kinds.js';
import type { JobMark } from '../../contract/ledger.js';
import type { RunnerEvent } from '../../contract/runner-event.js';

/** Folds the events of one rank into the moments at which it began something else. */
export class JobMarks {
  readonly all: JobMark[] = [];
  private step = 0;

  take(event: RunnerEvent): void {
    switch (event.kind) {
      case 'started':
        return this.add(event.time, 'imports');
      case 'phase':
        return this.add(event.time, event.phase);
      case 'resumed':
      case 'step':
        this.step = event.step;
        return;
      case 'interrupted':
      case 'failed':
      case 'finished':
        return this.add(event.time, 'over');
      default:
        return;
    }
  }

  private add(at: string, phase: JobMark['phase']): void {
    if (this.all.at(-1)?.phase !== phase) this.all.push({ at, phase, step: this.step });
  }
}

/** What a node is paid for while a rank is in a phase. */
export function spendingOf(command: RunnerCommand, phase: JobMark['phase']): Spending {
  switch (command) {
    case 'train':
      return inTraining(phase);
    case 'generate':
      return phase === 'loop' ? 'evaluate' : phase === 'over' ? 'idle' : 'load';
    case 'export':
      // What it writes is the checkpoint that people get.
      return phase === 'model' || phase === 'validate' ? 'checkpoint' : phase === 'over' ? 'idle' : 'load';
    case 'init':
    case 'tokens':
    case 'describe':
      return phase === 'over' ? 'idle' : 'load';
  }
}

function inTraining(phase: JobMark['phase']): Spending {
  switch (phase) {
    case 'loop':
      return 'train';
    case 'checkpoint':
    case 'snapshot':
      return 'checkpoint';
    case 'validate':
      return 'evaluate';
    case 'over':
      // Ranks have ended; their last checkpoint is on its way to the store.
      return 'checkpoint';
    default:
      return 'load';
  }
}
