import { Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeActivities } from '../../activities/index.js';
import { toJson } from '../../activities/storage/records.js';
import type { ModelManifest } from '../../src/contract/checkpoint.js';
import type { FollowResult, RankExit } from '../../src/contract/job.js';
import { contentKeys, MANIFEST } from '../../src/domain/store-keys.js';
import { StoredWorkLog } from '../../src/platform/ledger/stored-work-log.js';
import type { ObjectStore } from '../../src/platform/object-store/port.js';
import { sha256 } from '../fixtures/stored-run.js';
import { FakeJob } from './fake-job.js';

/** As in the product; at which moment of it, the name of the node decides, so that a crowd hands back evenly, as one of any age does. */
const HAND_BACK_MS = 10 * 60_000;

/** Beats go to the server every three seconds, as the worker of a node lets them. */
const LOOK_MS = 1_000;

/** The small model, its shards and its data are on a local node in a moment. */
const STAGE_MS = 300;

/** What a rank writes before it trains is the same for every run of one request, as in the product. */
const BASE_MODEL = sha256('base model');

/** A machine that runs nothing: it answers as the product's node does, and writes what the product's node writes about its work. */
export class FakeNode {
  private readonly jobs = new Map<string, FakeJob>();
  private readonly workLog: StoredWorkLog;
  private readonly handBackPhaseMs: number;

  constructor(
    private readonly store: ObjectStore,
    nodeId: string,
    runKey: string,
    private readonly mayEndTraining: () => boolean,
  ) {
    this.handBackPhaseMs = (HAND_BACK_MS * Number.parseInt(sha256(nodeId).slice(0, 8), 16)) / 2 ** 32;
    this.workLog = new StoredWorkLog(store, nodeId, { runKey }, (message, error) =>
      process.stderr.write(`${nodeId}: ${message}: ${String(error)}\n`),
    );
  }

  get isTraining(): boolean {
    return [...this.jobs.values()].some((job) => job.isTraining);
  }

  readonly activities: NodeActivities = {
    describeNode: async () => {
      await this.workLog.ready(new Date(), new Date());
      return {
        ...{
          hostname: 'fake',
          rankAddress: '127.0.0.1',
          rankInterface: 'lo',
          cpuCores: 2,
          memoryBytes: 24e9,
          freeDiskBytes: 100e9,
        },
        ...{ device: 'cpu', gpus: [], python: '3', packages: {} },
      };
    },
    renewNode: ({ deadline }) => this.workLog.renewed(new Date(deadline)),
    stageInputs: async () => {
      const from = new Date();
      await delay(STAGE_MS);
      await this.workLog.staged(from, new Date());
    },
    pickRendezvous: () => Promise.resolve({ address: '127.0.0.1', port: 1 }),
    startRanks: async (spec) => {
      if (this.jobs.has(spec.jobId)) return 'adopted';
      this.jobs.set(spec.jobId, new FakeJob(spec, this.store, this.mayEndTraining));
      await this.workLog.started(spec, new Date());
      return 'started';
    },
    followRanks: ({ jobId, cursor }) => this.follow(this.need(jobId), cursor),
    stopRanks: ({ jobId }) => {
      this.jobs.get(jobId)?.stop();
      return Promise.resolve();
    },
    storeModel: async ({ to }) => {
      const key = to ?? contentKeys.model(BASE_MODEL);
      const manifest: ModelManifest = { id: BASE_MODEL, files: [] };
      await this.store.put(`${key}/${MANIFEST}`, toJson(manifest));
      return { modelId: BASE_MODEL, key };
    },
    // They are in the store since the job that wrote them was over.
    storePredictions: () => Promise.resolve(),
  };

  private async follow(job: FakeJob, cursor: { offsets: Record<string, number> }): Promise<FollowResult> {
    const context = Context.current();
    const handBackAt = Date.now() + HAND_BACK_MS - ((Date.now() + this.handBackPhaseMs) % HAND_BACK_MS);
    for (;;) {
      const beat = { cursor, progress: job.progress() };
      context.heartbeat(beat);
      if (job.isOver) return this.end(job);
      if (Date.now() > handBackAt) {
        await this.workLog.seen(job.spec, job.told());
        return { state: 'running', ...beat };
      }
      await delay(LOOK_MS, undefined, { signal: context.cancellationSignal });
    }
  }

  private async end(job: FakeJob): Promise<FollowResult> {
    const results = job.isStopped ? [] : await job.publish();
    const at = new Date().toISOString();
    await this.workLog.ended(job.spec, { ...job.told(), ranksEndedAt: at, settledAt: at, kinds: [] });
    const { first, count } = job.spec.ranks;
    const kind = job.isStopped ? 'Interrupted' : null;
    const exits = Array.from({ length: count }, (_, local): RankExit => ({
      ...{ rank: first + local, code: 0, signal: null, kind, message: '', step: null, logTail: [] },
    }));
    return { state: 'ended', exits, results, progress: job.progress() };
  }

  private need(jobId: string): FakeJob {
    const job = this.jobs.get(jobId);
    if (job === undefined) throw new Error(`there is no job ${jobId}`);
    return job;
  }
}
