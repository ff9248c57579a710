import type { LiveProgress } from '../platform/temporal/live-progress.js';
import { count, duration } from '../report/format.js';

const BAR_CELLS = 24;

/** Progress of the stage that runs, e.g. "████░░ 120/400 steps, loss 0.432, 13,102 tokens/s, 1 min 20 s left". */
export function progressLine(progress: LiveProgress, options: { bar: boolean }): string {
  const { done, total, unit, loss, tokensPerSecond, etaSeconds, phase } = progress;
  if (total === null || done === 0) return `${PHASES[phase] ?? phase} ...`;
  const bar = options.bar ? `${barOf(done / total)} ` : '';
  return [
    `${bar}${count(done)}/${count(total)} ${unit}`,
    loss === null ? null : `loss ${loss.toFixed(3)}`,
    tokensPerSecond === null ? null : `${count(Math.round(tokensPerSecond))} tokens/s`,
    etaSeconds === null || phase !== 'loop' ? null : `${duration(etaSeconds)} left`,
    phase === 'loop' ? null : (PHASES[phase] ?? phase),
  ]
    .filter((part) => part !== null)
    .join(', ');
}

const PHASES: Record<string, string> = {
  imports: 'loading PyTorch',
  data: 'reading rows',
  model: 'loading the model',
  engine: 'starting DeepSpeed',
  restore: 'reading the checkpoint',
  loop: 'running',
  checkpoint: 'writing a checkpoint',
  validate: 'loss on validation',
  snapshot: 'writing the weights of the epoch',
};

function barOf(share: number): string {
  const filled = Math.min(BAR_CELLS, Math.round(share * BAR_CELLS));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)}`;
}
