import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import { FineTuningRequest, type FineTuningRequestInput } from '../../src/contract/request.js';
import { RECOVERY_ID, RUN_WORKFLOW, runWorkflowId, SWEEP_ID } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { bytesBelow } from '../../src/platform/files.js';
import { packageFile } from '../../src/platform/package-root.js';
import { startRun } from '../../src/platform/temporal/start-run.js';
import { shortRequest } from '../e2e/short-request.js';
import { measuringMachine } from '../fixtures/measuring-machine.js';
import { busySeconds } from '../cost/busy-seconds.js';
import { takeEvenly } from './evenly.js';
import { readWaits, sizesOfHistories } from './histories.js';
import { Installation } from './installation.js';
import type { Trial } from './result.js';
import { scrape } from './scrape.js';
import { whileAsked } from './status-probe.js';
import { WatchedProcess } from './watched-process.js';

/** Long enough for two looks of the metrics at the ledgers. */
const HOLD_MS = 45_000;
/** Most of the time goes into the start, where it is short. */
const RAMP_SHARE = 0.6;
/** Of 500 starts at one moment a server on two busy cores answers some later than the ten seconds that a client waits. */
const STARTED_AT_ONCE = 25;
const LOOK_MS = 250;
/** Histories are read one after the other, each in some milliseconds. */
const READ_RUNS = 20;

export interface TrialOptions {
  request: Trial['request'];
  runs: number;
  /** For all phases together. After most of it those that train are held, the others go on; at its end what is open is not completed. */
  limitMs: number;
}

/** So many runs at once, from their start to their end. */
export async function measure(options: TrialOptions, say: (line: string) => void): Promise<Trial> {
  const installation = await Installation.open();
  try {
    const names = Array.from({ length: options.runs }, (_, index) => `scale-${String(index).padStart(4, '0')}`);
    return await new Measurement(installation, names, options, say).carryOut();
  } finally {
    await installation.close();
  }
}

const oneNode = (folder: string): FineTuningRequestInput => ({ ...shortRequest(folder), cluster: { nodes: 1 } });

class Measurement {
  private readonly server: WatchedProcess;
  private readonly worker: WatchedProcess;
  private readonly nodes: WatchedProcess;
  private readonly request: FineTuningRequest;
  private readonly nodesOfRun: number;
  private began = 0;
  private phaseBegan = 0;

  constructor(
    private readonly installation: Installation,
    private readonly names: string[],
    private readonly options: TrialOptions,
    private readonly say: (line: string) => void,
  ) {
    const asked = options.request === 'practice' ? {} : oneNode(join(installation.home.root, 'data'));
    this.request = FineTuningRequest.parse(asked);
    this.nodesOfRun = this.request.cluster.nodes;
    this.server = new WatchedProcess(installation.server.process.pid);
    this.worker = new WatchedProcess(installation.workerPid);
    this.nodes = new WatchedProcess(installation.nodesPid);
  }

  async carryOut(): Promise<Trial> {
    const { installation, names, server, worker, nodes } = this;
    const { client, metricsAddress, home } = installation;
    await installation.addNodes(names, this.nodesOfRun);
    this.say(`${this.nodesOfRun * names.length} machines poll`);
    const isBegun = this.options.request === 'training';
    if (isBegun) await this.beginAll();
    for (const process of [server, worker, nodes]) process.begin();
    const before = await bytesBelow(home.server());
    const busy = busySeconds();
    this.began = Date.now();
    this.phaseBegan = this.began;
    await this.startRuns(isBegun ? names.slice(1) : names);
    const ramped = await whileAsked(client, names, this.untilAllTrain());
    const ramp = this.endPhase('ramp');
    const inTraining = Math.floor(installation.training / this.nodesOfRun);
    const held = await whileAsked(client, names, this.hold());
    const hold = this.endPhase('hold');
    installation.endTraining();
    const completed = await this.untilAllAreOver();
    const drain = this.endPhase('drain');
    const used = busySeconds() - busy;
    const last = await scrape(metricsAddress);
    const { cached, ...found } = held.value;
    const processes = { server: server.measured(), worker: worker.measured(), nodes: nodes.measured() };
    const own = Object.values(processes).reduce((sum, { cpu }) => sum + cpu.ramp + cpu.hold + cpu.drain, 0);
    return {
      ...{
        request: this.options.request,
        runs: names.length,
        nodes: this.nodesOfRun,
        at: new Date().toISOString(),
        inTraining,
        completed,
      },
      machine: {
        ...measuringMachine(),
        heapMib: Math.round(getHeapStatistics().heap_size_limit / 2 ** 20),
      },
      phases: { ramp, hold, drain },
      ...(await readWaits(client, takeEvenly(names, READ_RUNS))),
      status: { ramp: ramped.status, hold: held.status },
      processes,
      elsewhere: Math.max(0, used - own),
      database: { bytes: (await bytesBelow(home.server())) - before, writtenBytes: server.writtenBytes() },
      histories: await sizesOfHistories(client),
      cache: {
        held: cached,
        evicted: last.sum('temporal_sticky_cache_total_forced_eviction'),
        missed: last.sum('temporal_sticky_cache_miss'),
      },
      ...found,
    };
  }

  /** One run does what comes before training; all others will find that done under their own keys. */
  private async beginAll(): Promise<void> {
    const [first = '', ...others] = this.names;
    this.phaseBegan = Date.now();
    await this.startRuns([first]);
    await this.until(() => Promise.resolve(this.installation.training === this.nodesOfRun), this.options.limitMs);
    const store = new FileStore(this.installation.home.store());
    for (const name of ['prepare', 'baseline', 'smoke']) {
      const step = await store.get(runKeys.step(first, name));
      if (step === null) throw new Error(`run ${first} has not finished ${name}`);
      await Promise.all(others.map((runKey) => store.put(runKeys.step(runKey, name), step)));
    }
  }

  private async startRuns(keys: readonly string[]): Promise<void> {
    const { client } = this.installation;
    for (let begun = 0; begun < keys.length; begun += STARTED_AT_ONCE) {
      const next = keys.slice(begun, begun + STARTED_AT_ONCE);
      await Promise.all(next.map((runKey) => startRun(client, runWorkflowId(runKey), this.request)));
    }
    this.say(`${keys.length} started after ${this.sinceBegin().toFixed(1)} s`);
  }

  private async untilAllTrain(): Promise<void> {
    await this.until(
      () => Promise.resolve(this.installation.training >= this.nodesOfRun * this.names.length),
      RAMP_SHARE * this.options.limitMs,
    );
  }

  /** All train: what a person, Prometheus and the standing schedules see of it. */
  private async hold(): Promise<Pick<Trial, 'metrics' | 'list' | 'looks' | 'slots'> & { cached: number }> {
    const { client, metricsAddress } = this.installation;
    const began = new Date();
    for (const id of [SWEEP_ID, RECOVERY_ID]) await client.schedule.getHandle(id).trigger();
    const list = await this.timeList();
    await delay(HOLD_MS - (Date.now() - began.getTime()));
    const found = await scrape(metricsAddress);
    const slots = (name: string): number => found.sum(`temporal_worker_task_slots_${name}`, { worker_type: 'ActivityWorker' });
    return {
      metrics: {
        scrape: found.seconds,
        kib: found.bytes / 1024,
        look: found.has('formwork_ledger_look_seconds') ? found.sum('formwork_ledger_look_seconds') : null,
      },
      list,
      looks: { sweep: await this.lookSince('clusterSweep', began), recovery: await this.lookSince('runRecovery', began) },
      slots: { used: slots('used'), free: slots('available') },
      cached: found.sum('temporal_sticky_cache_size'),
    };
  }

  private async timeList(): Promise<Trial['list']> {
    const began = performance.now();
    const { stdout } = await promisify(execFile)(process.execPath, [packageFile('bin', 'formwork.mjs'), 'list', '--json'], {
      env: this.installation.environment(),
    });
    const seconds = (performance.now() - began) / 1000;
    const listed = stdout.trim().split('\n');
    return { seconds, listed: listed.length, unanswered: listed.filter((line) => line.includes('gives no answer')).length };
  }

  /** The longest of this type that has begun since, and is over. */
  private async lookSince(type: string, since: Date): Promise<number | null> {
    const query = `WorkflowType = "${type}" AND StartTime >= "${since.toISOString()}" AND ExecutionStatus = "Completed"`;
    const seconds: number[] = [];
    for await (const { startTime, closeTime } of this.installation.client.workflow.list({ query }))
      if (closeTime !== undefined) seconds.push((closeTime.getTime() - startTime.getTime()) / 1000);
    return seconds.length === 0 ? null : Math.max(...seconds);
  }

  /** @returns how many have completed. */
  private async untilAllAreOver(): Promise<number> {
    const count = async (status: string): Promise<number> => {
      const query = `WorkflowType = "${RUN_WORKFLOW}" AND ExecutionStatus = "${status}" AND WorkflowId STARTS_WITH "run/scale-"`;
      return (await this.installation.client.workflow.count(query)).count;
    };
    await this.until(async () => (await count('Running')) === 0, this.options.limitMs - (Date.now() - this.began));
    return count('Completed');
  }

  private async until(isMet: () => Promise<boolean>, limitMs: number): Promise<void> {
    for (const began = Date.now(); Date.now() - began < limitMs && !(await isMet());) {
      this.installation.check();
      await delay(LOOK_MS);
    }
  }

  private endPhase(name: string): number {
    for (const process of [this.server, this.worker, this.nodes]) process.mark();
    const seconds = this.sinceBegin();
    this.say(`${name}: ${seconds.toFixed(1)} s`);
    this.phaseBegan = Date.now();
    return seconds;
  }

  private sinceBegin(): number {
    return (Date.now() - this.phaseBegan) / 1000;
  }
}
