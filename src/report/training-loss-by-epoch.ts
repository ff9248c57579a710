import type { EpochRecord, LossPoint } from '../contract/report.js';

/** Mean training loss over the steps of each epoch, nats per target token; null where the record has no step of it. */
export function trainingLossByEpoch(epochs: readonly EpochRecord[], points: readonly LossPoint[]): (number | null)[] {
  return epochs.map(({ step }, index) => {
    const after = epochs[index - 1]?.step ?? 0;
    const losses = points.filter((point) => point.step > after && point.step <= step).map((point) => point.loss);
    return losses.length === 0 ? null : losses.reduce((sum, value) => sum + value, 0) / losses.length;
  });
}
