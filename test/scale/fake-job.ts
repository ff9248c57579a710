import { z } from 'zod';
import { DatasetManifest, RenderedRow } from '../../src/contract/dataset.js';
import type { FollowProgress, JobSpec } from '../../src/contract/job.js';
import type { RunnerCommand } from '../../src/contract/kinds.js';
import type { JobMark } from '../../src/contract/ledger.js';
import type { RunnerEvent, RunnerEventKind, RunnerEventOf } from '../../src/contract/runner-event.js';
import type { GeneratePlan, TrainPlan } from '../../src/contract/runner-plan.js';
import type { CheckpointManifest, SnapshotManifest } from '../../src/contract/checkpoint.js';
import { EvaluationSpec } from '../../activities/evaluation/open-evaluation.js';
import { readRecords, readRequiredRecord, toJson, toJsonLines } from '../../activities/storage/records.js';
import { partKey } from '../../activities/training/log-shipper.js';
import { JobMarks } from '../../src/domain/ledger/job-marks.js';
import { noProgress } from '../../src/domain/progress.js';
import { contentKeys, MANIFEST, trajectoryKeys } from '../../src/domain/store-keys.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { runnerEvent } from '../fixtures/runner-events.js';
import { sha256 } from '../fixtures/stored-run.js';

/** How long the ranks of a job take; those of the training, until the measurement lets them end. */
const SECONDS: Record<RunnerCommand, number> = { describe: 0, init: 1, tokens: 1, train: 2, generate: 2, export: 1 };

/** Those of the default request on two cores: 608 steps in all. */
const STEPS_PER_EPOCH = 76;

/** Of the tuned model, one answer in so many is wrong. */
const WRONG_EVERY = 20;

/** A job without ranks: when it is over, it leaves in the store what the control plane reads of a real one. */
export class FakeJob {
  private readonly began = Date.now();
  private readonly marks = new JobMarks();
  private stopped = false;

  constructor(
    readonly spec: JobSpec,
    private readonly store: ObjectStore,
    private readonly mayEnd: () => boolean,
  ) {
    for (const phase of ['imports', 'loop'] as const) this.marks.take({ ...runnerEvent('phase', { phase }), time: this.now() });
  }

  get isTraining(): boolean {
    return this.spec.plan.command === 'train' && this.spec.plan.max_steps === null;
  }

  get isOver(): boolean {
    if (this.stopped) return true;
    return this.isTraining ? this.mayEnd() : Date.now() - this.began >= 1000 * SECONDS[this.spec.plan.command];
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  stop(): void {
    this.stopped = true;
  }

  told(): { startedAt: string; marks: JobMark[] } {
    return { startedAt: new Date(this.began).toISOString(), marks: this.marks.all };
  }

  progress(): FollowProgress {
    const done = Math.floor((Date.now() - this.began) / 1000);
    return { ...noProgress, phase: 'loop', done, loss: 1.5, tokensPerSecond: 16_000 };
  }

  /** What is in the store when a job has ended well. @returns the events that carry its results. */
  async publish(): Promise<RunnerEvent[]> {
    const { plan } = this.spec;
    this.marks.take({ ...runnerEvent('finished'), time: this.now() });
    if (plan.command === 'generate') await this.answer(plan);
    if (plan.command === 'train' && this.spec.publish?.node === 0) await this.train(plan);
    if (plan.command !== 'tokens') return [this.event('finished')];
    const lengths = { rows: 300, num_tokens: 20_000, num_target_tokens: 9000, longest_row: 120, longest_completion: 60 };
    const split = { ...lengths, split: 'train', truncated_rows: 0, rows_without_target: 0, histogram: [] };
    return [this.event('tokenised', { splits: [split] }), this.event('finished')];
  }

  /** The base model writes the beginning of the question; a tuned one what was to be written, but for a share. */
  private async answer(plan: GeneratePlan): Promise<void> {
    const folder = plan.items.slice(0, plan.items.lastIndexOf('/'));
    const completions = await completionsOf(
      this.store,
      await readRequiredRecord(this.store, `${folder}/spec.json`, EvaluationSpec),
    );
    const items = await readRecords(this.store, plan.items, z.object({ id: z.string(), prompt: z.string() }));
    const mine = items.filter((_, index) => index % plan.shard.count === plan.shard.index);
    const lines = plan.models.flatMap(({ name, path, stop_token }) =>
      mine.map(({ id, prompt }, index) => {
        const isRight = !path.startsWith(contentKeys.model('')) && index % WRONG_EVERY !== 0;
        const prediction = isRight ? (completions.get(id) ?? '').replace(stop_token, '').trim() : prompt.slice(0, 20);
        return { model: name, id, prediction, num_tokens: 20, stopped: true };
      }),
    );
    await this.store.put(plan.predictions, toJsonLines(lines));
  }

  /** The events of rank 0, the weights of each epoch, and the last checkpoints. */
  private async train(plan: TrainPlan): Promise<void> {
    const { publish, storePrefix, fence, ranks } = this.spec;
    if (publish === null) return;
    const steps = plan.max_steps ?? plan.epochs * STEPS_PER_EPOCH;
    const perEpoch = plan.max_steps ?? STEPS_PER_EPOCH;
    const events = Array.from({ length: steps }, (_, index) =>
      this.event('step', { step: index + 1, epoch: (index + 1) / perEpoch, loss: 3 / Math.sqrt(index + 1) }),
    );
    const text = toJsonLines([this.event('planned', { steps_per_epoch: perEpoch, total_steps: steps }), ...events]);
    await this.store.putIfAbsent(partKey(storePrefix, 'events', ranks.first, 0, Buffer.byteLength(text)), text);
    for (let epoch = 1; epoch * perEpoch <= steps; epoch += 1) {
      const folder = trajectoryKeys.snapshot(publish.prefix, epoch);
      const manifest: SnapshotManifest = {
        ...{ epoch, step: epoch * perEpoch, trajectory: publish.trajectory },
        files: [await this.file(folder, 'model.safetensors')],
        weightsSha256: sha256(folder),
      };
      await this.store.putIfAbsent(`${folder}/${MANIFEST}`, toJson(manifest));
    }
    const folder = trajectoryKeys.checkpoint(publish.prefix, steps);
    const manifest: CheckpointManifest = {
      ...{
        step: steps,
        trajectory: publish.trajectory,
        fence: fence.owner,
        worldSize: ranks.worldSize,
        zeroStage: plan.zero_stage,
      },
      files: [await this.file(folder, 'rank-00000.shard')],
      committedAt: this.now(),
    };
    await this.store.putIfAbsent(`${folder}/${MANIFEST}`, toJson(manifest));
  }

  private async file(folder: string, path: string): Promise<{ path: string; bytes: number; sha256: string }> {
    const content = `${folder}/${path}`;
    await this.store.put(content, content);
    return { path, bytes: content.length, sha256: sha256(content) };
  }

  private event<K extends RunnerEventKind>(kind: K, fields: Partial<RunnerEventOf<K>> = {}): RunnerEventOf<K> {
    return runnerEvent(kind, { ...fields, rank: this.spec.ranks.first, time: this.now() });
  }

  private now(): string {
    return new Date().toISOString();
  }
}

/** Of a split, by id. Runs of one request share their data set, which never changes. */
const splits = new Map<string, Promise<Map<string, string>>>();

function completionsOf(store: ObjectStore, { datasetId, split }: EvaluationSpec): Promise<Map<string, string>> {
  const folder = contentKeys.dataset(datasetId);
  const read = async (): Promise<Map<string, string>> => {
    const dataset = await readRequiredRecord(store, `${folder}/${MANIFEST}`, DatasetManifest);
    const rows = await readRecords(store, `${folder}/${dataset.splits[split].rendered.file}`, RenderedRow);
    return new Map(rows.map(({ id, completion }) => [id, completion]));
  };
  const name = `${folder}/${split}`;
  const known = splits.get(name) ?? read();
  splits.set(name, known);
  return known;
}
