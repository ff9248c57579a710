import type { WorkflowHandle } from '@temporalio/client';
import { Incident } from '../../src/contract/incident.js';
import type { Stage } from '../../src/contract/kinds.js';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { RunResult } from '../../src/contract/run.js';
import { CONTROL_QUEUE, RUN_WORKFLOW, runWorkflowId } from '../../src/domain/names.js';
import type { LedgerRecords } from '../../src/domain/ledger/records.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { localCompute } from '../../src/platform/compute/local-nodes.js';
import { knownRun, type KnownRun } from '../../src/platform/control/open-runs.js';
import { StoredLedger } from '../../src/platform/ledger/stored-ledger.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { waitUntil } from '../../src/platform/process/wait-until.js';
import { Scene } from '../durability/scene.js';
import { isRank } from '../e2e/sandbox.js';
import { unlessAway } from '../kills/ask-server.js';

/** Stages whose result is kept, in order. */
const KEPT = ['prepare', 'baseline', 'smoke', 'train', 'evaluate', 'test', 'publish'] as const satisfies readonly Stage[];

const LOOK_MS = 500;
/** A server that was killed is back within seconds; one that is stopped, within the outage. */
const ANSWER_MS = 120_000;

/** One run that is struck again and again, and what it shows of itself over all its executions. */
export class Siege {
  readonly scene: Scene;
  readonly store: FileStore;
  /** Of the first execution. null: it has none. */
  runTimeoutMs: number | null = null;
  startedAt = 0;

  constructor(readonly runKey: string) {
    this.scene = new Scene(runKey);
    this.store = new FileStore(this.scene.home.store());
  }

  /** Of the newest execution. */
  get run(): WorkflowHandle {
    return this.scene.run;
  }

  /** As a client of the server does it, which may give an execution a timeout. */
  async start(request: FineTuningRequestInput, runTimeoutMs: number | null = null): Promise<void> {
    const up = this.scene.formwork(['up']);
    if ((await up.ended) !== 0) throw new Error(`formwork up failed:\n${up.stderr}`);
    await this.scene.connect();
    this.runTimeoutMs = runTimeoutMs;
    this.startedAt = Date.now();
    await this.scene.client.workflow.start(RUN_WORKFLOW, {
      ...{ workflowId: runWorkflowId(this.runKey), taskQueue: CONTROL_QUEUE, args: [request] },
      ...(runTimeoutMs === null ? {} : { workflowRunTimeout: runTimeoutMs }),
    });
  }

  known(): Promise<KnownRun> {
    return knownRun(this.store, this.runKey);
  }

  /** The one whose result had yet to be kept, by the store alone: it tells also while no server does. */
  async stage(): Promise<Stage> {
    for (const stage of KEPT) if ((await this.store.get(runKeys.step(this.runKey, stage))) === null) return stage;
    return 'release';
  }

  /** Jobs that have a rank now, by the kernel. */
  jobsAtWork(): string[] {
    return this.scene.box
      .processes()
      .filter(isRank(null, null))
      .flatMap(({ environment }) => environment['FORMWORK_JOB_ID'] ?? []);
  }

  /** What gangs and jobs have failed of, and when, in order. */
  async failures(): Promise<{ at: number; kind: string }[]> {
    const found = await this.store.list(runKeys.incidents(this.runKey));
    const incidents = await Promise.all(
      found.map(async ({ key }) => Incident.parse(JSON.parse(String(await this.store.get(key))))),
    );
    return incidents.flatMap((one) => (one.event === 'failed' ? [{ at: Date.parse(one.at), kind: one.kind }] : []));
  }

  /** @throws when it is not over within this time, or over without being done. */
  async completed(withinMs: number): Promise<void> {
    const isClosed = async (): Promise<boolean> =>
      (await unlessAway(ANSWER_MS, () => this.run.describe())).status.name !== 'RUNNING';
    const closed = await waitUntil(isClosed, { timeoutMs: withinMs, everyMs: LOOK_MS });
    if (closed === null) throw new Error(`run ${this.runKey} is open after ${withinMs / 60_000} min`);
    const { outcome, message } = RunResult.parse(await this.run.result());
    if (outcome !== 'completed') throw new Error(`run ${this.runKey} ended as ${outcome}: ${message}`);
  }

  ledgerRecords(): Promise<LedgerRecords> {
    return new StoredLedger(this.store, localCompute(this.scene.home, process.env)).records(this.runKey);
  }

  secondsSinceStart(at = Date.now()): number {
    return Math.round((at - this.startedAt) / 100) / 10;
  }

  /** Ends everything of it. What went wrong is understood from logs and store, so they stay then. */
  async close(isSound: boolean): Promise<void> {
    if (isSound) return this.scene.close();
    await this.scene.disconnect();
    await this.scene.box.end();
    process.stdout.write(`the home of run ${this.runKey} is kept for a look: ${this.scene.box.root}\n`);
  }
}
