import type { z } from 'zod';
import { Trajectory } from '../../contract/checkpoint.js';
import type { ProviderNode } from '../../contract/cluster.js';
import { Incident } from '../../contract/incident.js';
import { STAGES, type Stage } from '../../contract/kinds.js';
import {
  JobEnded,
  JobSeen,
  JobStarted,
  NodeEnded,
  NodeLaunched,
  NodeReady,
  NodeRenewed,
  NodeStaging,
  StageEnd,
  type Ledger,
} from '../../contract/ledger.js';
import { Failure } from '../../domain/failures.js';
import type { JobRecord, LedgerRecords, NodeRecord, RoundRecord } from '../../domain/ledger/records.js';
import { runLedger } from '../../domain/ledger/run-ledger.js';
import { nodeLedgerKeys, runKeys, trajectoryKeys } from '../../domain/store-keys.js';
import type { Compute } from '../compute/port.js';
import type { ObjectStore } from '../object-store/port.js';
import type { LedgerBook } from './port.js';

/** Ledgers of the records in the store, and of what the provider says of nodes whose end is in no record. */
export class StoredLedger implements LedgerBook {
  constructor(
    private readonly store: ObjectStore,
    private readonly compute: Pick<Compute, 'describe'>,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async read(runKey: string): Promise<Ledger> {
    const records = await this.records(runKey);
    return runLedger(records, this.now());
  }

  /** All that the ledger is made of. */
  async records(runKey: string): Promise<LedgerRecords> {
    const nodes = await this.nodes(runKey);
    const rounds = new Set(nodes.flatMap(({ jobs }) => jobs.flatMap(({ trajectory }) => trajectory?.round ?? [])));
    const read = [...rounds].map(async (round): Promise<[string, RoundRecord]> => [round, await this.round(runKey, round)]);
    return {
      ...{ runKey, nodes },
      incidents: await this.all(runKeys.incidents(runKey), Incident),
      rounds: new Map(await Promise.all(read)),
      stageEnds: await this.stageEnds(runKey),
    };
  }

  private async nodes(runKey: string): Promise<NodeRecord[]> {
    const all = nodeLedgerKeys.all(runKey);
    const keys = (await this.store.list(all)).map(({ key }) => key);
    const nodeIds = [...new Set(keys.map((key) => key.slice(all.length).split('/')[0] as string))];
    const found = await Promise.all(nodeIds.map((nodeId) => this.node(runKey, nodeId, keys)));
    // A node may tell of itself before whoever launched it has; its launch will be written.
    const nodes = found.filter((node): node is NodeRecord => node !== null);
    const provided = await this.provided(nodes.filter(({ ended }) => ended === null).map(({ launched }) => launched.nodeId));
    return nodes
      .map((node) => ({ ...node, provided: provided.get(node.launched.nodeId) ?? null }))
      .sort((a, b) => a.launched.launchedAt.localeCompare(b.launched.launchedAt) || a.launched.tags.node - b.launched.tags.node);
  }

  /** A provider that cannot be asked has no word on them; then they count until their deadline at most. */
  private async provided(nodeIds: readonly string[]): Promise<Map<string, ProviderNode>> {
    if (nodeIds.length === 0) return new Map();
    const nodes = await this.compute.describe(nodeIds).catch((error: unknown) => {
      if (error instanceof Failure) return [];
      throw error;
    });
    return new Map(nodes.map((node) => [node.nodeId, node]));
  }

  private async node(runKey: string, nodeId: string, keys: readonly string[]): Promise<NodeRecord | null> {
    const launched = await this.one(nodeLedgerKeys.launched(runKey, nodeId), NodeLaunched);
    if (launched === null) return null;
    const below = `${nodeLedgerKeys.all(runKey)}${nodeId}/`;
    const own = keys.filter((key) => key.startsWith(below)).map((key) => key.slice(below.length).split('/'));
    const jobIds = [...new Set(own.flatMap(([kind, jobId]) => (kind === 'jobs' && jobId !== undefined ? [jobId] : [])))];
    const [ended, renewed, ready, stagings, jobs] = await Promise.all([
      this.one(nodeLedgerKeys.ended(runKey, nodeId), NodeEnded),
      this.one(nodeLedgerKeys.renewed(runKey, nodeId), NodeRenewed),
      this.one(nodeLedgerKeys.ready(runKey, nodeId), NodeReady),
      this.all(`${below}staging/`, NodeStaging),
      Promise.all(jobIds.map((jobId) => this.job(runKey, nodeId, jobId))),
    ]);
    return { launched, ended, renewed, ready, stagings, jobs: jobs.filter((job) => job !== null), provided: null };
  }

  private async job(runKey: string, nodeId: string, jobId: string): Promise<JobRecord | null> {
    const started = await this.one(nodeLedgerKeys.jobStarted(runKey, nodeId, jobId), JobStarted);
    const end = await this.one(nodeLedgerKeys.jobEnded(runKey, nodeId, jobId), JobEnded);
    const seen = await this.one(nodeLedgerKeys.jobSeen(runKey, nodeId, jobId), JobSeen);
    // Who follows a job knows what its ranks have told; who started it knows when.
    if (end !== null) return { ...end, ...started, end, seenAt: null };
    if (seen !== null) return { ...seen, ...started, end: null };
    return started === null ? null : { ...started, marks: [], end: null, seenAt: null };
  }

  private async round(runKey: string, name: string): Promise<RoundRecord> {
    const all = trajectoryKeys.all(runKeys.round(runKey, name));
    const paths = (await this.store.list(all)).map(({ key }) => key.slice(all.length));
    const records = paths.filter((path) => /^\d+\.json$/.test(path)).map((path) => this.one(`${all}${path}`, Trajectory));
    const committed = paths.flatMap((path) => {
      const found = /^(\d+)\/checkpoints\/step-(\d+)\/manifest\.json$/.exec(path);
      return found === null ? [] : [{ trajectory: Number(found[1]), step: Number(found[2]) }];
    });
    return { trajectories: (await Promise.all(records)).filter((record) => record !== null), committed };
  }

  private async stageEnds(runKey: string): Promise<LedgerRecords['stageEnds']> {
    const ends = new Map<Stage, string | null>();
    for (const stage of STAGES) {
      const end = await this.one(runKeys.stageEnd(runKey, stage), StageEnd);
      if (end !== null) ends.set(stage, end.endedAt);
      else if ((await this.store.get(runKeys.step(runKey, stage))) !== null) ends.set(stage, null);
    }
    return ends;
  }

  private async all<T>(prefix: string, schema: z.ZodType<T>): Promise<T[]> {
    const found = await this.store.list(prefix);
    const records = await Promise.all(found.map(({ key }) => this.one(key, schema)));
    return records.filter((record): record is Awaited<T> & T => record !== null);
  }

  private async one<T>(key: string, schema: z.ZodType<T>): Promise<T | null> {
    const content = await this.store.get(key);
    if (content === null) return null;
    try {
      return schema.parse(JSON.parse(content.toString('utf8')));
    } catch (error) {
      const message = `${this.store.uri}/${key} is not what formwork wrote there; remove it to have a ledger without it`;
      throw new Failure('InvalidData', message, { key }, { cause: error });
    }
  }
}
