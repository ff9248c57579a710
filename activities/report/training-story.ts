import { RunnerEvent, type RunnerEventOf } from '../../src/contract/runner-event.js';
import type { EpochRecord, LossPoint, RunReport } from '../../src/contract/report.js';
import { Failure } from '../../src/domain/failures.js';
import { inDescent } from '../../src/domain/resume-point.js';
import { runKeys, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import type { TrainingRecord } from '../training/training-record.js';

/** What the events of a round tell, along its line of descent: each step once, whatever was begun and abandoned. */
export interface TrainingStory {
  loss: LossPoint[];
  epochs: Pick<EpochRecord, 'epoch' | 'step' | 'validationLoss'>[];
  training: Omit<RunReport['training'], 'weightsSha256'>;
}

export async function readTrainingStory(
  store: ObjectStore,
  runKey: string,
  round: string,
  record: TrainingRecord,
): Promise<TrainingStory> {
  const steps: RunnerEventOf<'step'>[] = [];
  const validated = new Map<number, RunnerEventOf<'validated'>>();
  let planned: RunnerEventOf<'planned'> | null = null;
  for (const { trajectory } of record.line) {
    const root = trajectoryKeys.root(runKeys.round(runKey, round), trajectory);
    // Rank 0 is on node 0 and tells for all ranks.
    for (const event of await readEvents(store, `${root}/node-0/events/rank-0/`)) {
      if (event.kind === 'planned') planned = event;
      if (event.kind === 'step' && inDescent(record.line, { trajectory, step: event.step })) steps.push(event);
      if (event.kind === 'validated' && inDescent(record.line, { trajectory, step: event.step })) validated.set(event.epoch, event);
    }
  }
  const trained = steps.filter(({ skipped }) => skipped === null);
  const sum = (events: typeof steps, pick: (event: RunnerEventOf<'step'>) => number): number =>
    events.reduce((total, event) => total + pick(event), 0);
  return {
    loss: steps.flatMap((event) =>
      // Of an update that was passed over, no loss moved the weights.
      event.skipped !== null || event.loss === null || event.gradient_norm === null
        ? []
        : [
            {
              step: event.step,
              epoch: event.epoch,
              loss: event.loss,
              learningRate: event.learning_rate,
              gradientNorm: event.gradient_norm,
              tokensPerSecond: event.seconds > 0 ? event.num_tokens / event.seconds : 0,
            },
          ],
    ),
    epochs: record.snapshots
      .filter(({ manifest }) => inDescent(record.line, manifest))
      .map(({ manifest: { epoch, step } }) => ({ epoch, step, validationLoss: validated.get(epoch)?.loss ?? null }))
      .sort((a, b) => a.epoch - b.epoch),
    training: {
      steps: steps.at(-1)?.step ?? 0,
      numTokens: sum(trained, (event) => event.num_tokens),
      numTargetTokens: sum(trained, (event) => event.num_target_tokens),
      packingEfficiency: planned?.packing_efficiency ?? 0,
      seconds: sum(steps, (event) => event.seconds),
    },
  };
}

/** Parts are named by the bytes they hold; a part that overlaps the one before it adds only what is new. */
async function readEvents(store: ObjectStore, prefix: string): Promise<RunnerEvent[]> {
  const parts: Buffer[] = [];
  let reached = 0;
  for (const { key } of await store.list(prefix)) {
    const [from = 0, to = 0] = key.slice(prefix.length).split('-').map(Number);
    if (to <= reached) continue;
    if (from > reached)
      throw new Failure('InvalidData', `events ${reached} to ${from} of ${prefix} are not in the store`, { prefix });
    parts.push(((await store.get(key)) as Buffer).subarray(reached - from));
    reached = to;
  }
  const lines = Buffer.concat(parts).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => RunnerEvent.parse(JSON.parse(line)));
}
