import { RunPlan } from '../../src/contract/plan.js';
import { Failure } from '../../src/domain/failures.js';
import { inDescent } from '../../src/domain/resume-point.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { readRequiredRecord } from '../storage/records.js';
import { pruneCheckpoints } from './prune-checkpoints.js';
import { readTraining } from './training-record.js';

/** Weights after an epoch, and where they lie. */
export interface SnapshotRef {
  epoch: number;
  step: number;
  /** Folder in the object store. */
  key: string;
  weightsSha256: string;
}

export interface RoundResult {
  steps: number;
  snapshots: SnapshotRef[];
}

/** What a finished round leaves: the snapshots in the line of descent. Old checkpoints are removed. */
export const closeRound =
  (ports: { store: ObjectStore }) =>
  async ({ runKey, fence, round }: { runKey: string; fence: number; round: string }): Promise<RoundResult> => {
    const { store } = ports;
    const plan = await readRequiredRecord(store, runKeys.plan(runKey, fence), RunPlan);
    const root = runKeys.round(runKey, round);
    const record = await readTraining(store, root);
    await pruneCheckpoints(store, root, record, plan.training.keepCheckpoints);
    const snapshots = record.snapshots
      .filter(({ manifest }) => inDescent(record.line, manifest))
      .map(({ key, manifest }) => ({ epoch: manifest.epoch, step: manifest.step, key, weightsSha256: manifest.weightsSha256 }))
      .sort((a, b) => a.epoch - b.epoch);
    if (snapshots.length === 0) throw new Failure('RunnerCrashed', `round ${round} ended without weights in the store`, { round });
    return { steps: Math.max(...snapshots.map(({ step }) => step)), snapshots };
  };
