import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { readIncidents } from '../../activities/run/incidents.js';
import { decisions } from '../../activities/decisions.js';
import { planRetry } from '../../activities/plan/plan-retry.js';
import { judgeGang } from '../../activities/training/judge-gang.js';
import type { ControlActivities, NodeActivities } from '../../activities/index.js';
import type { ProviderNode } from '../../src/contract/cluster.js';
import type { LaunchNodesInput } from '../../activities/cluster/launch-nodes.js';
import type { FollowResult, JobSpec } from '../../src/contract/job.js';
import type { Incident } from '../../src/contract/incident.js';
import type { RunStatus } from '../../src/contract/run.js';
import type { RunPlan } from '../../src/contract/plan.js';
import { CONTROL_QUEUE, nodeQueue, runWorkflowId } from '../../src/domain/names.js';
import { runKeys } from '../../src/domain/store-keys.js';
import type { WorkerVersion } from '../../src/platform/environment.js';
import { workerDeployment } from '../../src/platform/temporal/worker-deployment.js';
import { FailureInterceptor } from '../../workers/failure-interceptor.js';
import { FakePlanner } from '../fakes/fake-planner.js';
import { InMemoryObjectStore } from '../fakes/in-memory-object-store.js';
import { isTraining, failWith, untilCancelled, followedWell, estimate } from './answers.js';
import { samplePlan } from './samples.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

type Acts<T> = { [K in keyof T]: T[K] };

export interface Answers {
  control?: Partial<Acts<ControlActivities>>;
  node?: Partial<Acts<NodeActivities>>;
}

/** Where a scenario plays. */
export interface Place {
  address: string;
  bundlePath: string;
  /** Where the nodes find the server, if elsewhere. */
  nodeAddress?: string;
  /** Of the control worker. */
  version?: WorkerVersion;
}

/** A call that an activity got, in order over both workers. */
export interface Call {
  name: string;
  queue: string;
  input: unknown;
}

/**
 * The workflows on a real server with activities that only say what they were asked. A test replaces the answers it is about.
 * The control queue has one name for all, so scenarios of one server run one after the other.
 */
export class Scenario {
  readonly calls: Call[] = [];
  readonly runKey = `test-${randomUUID()}`;
  /** What has been judged of gangs and jobs; everything else is only told. */
  readonly store = new InMemoryObjectStore();
  private readonly workers: { queue: string; worker: Worker; done: Promise<void> }[] = [];
  private readonly nodeQueues = new Set<string>();

  private constructor(
    readonly client: Client,
    private readonly connections: { control: NativeConnection; nodes: NativeConnection },
    private readonly control: Partial<Acts<ControlActivities>>,
    private readonly node: Partial<Acts<NodeActivities>>,
    private readonly bundlePath: string,
  ) {}

  static async open(
    answers: Answers = {},
    place: Place = { address: inject('serverAddress'), bundlePath: inject('bundlePath') },
  ): Promise<Scenario> {
    const { address, bundlePath, nodeAddress = address, version = null } = place;
    const client = new Client({ connection: await Connection.connect({ address }), identity: 'test' });
    const connections = {
      control: await NativeConnection.connect({ address }),
      nodes: await NativeConnection.connect({ address: nodeAddress }),
    };
    const scenario = new Scenario(client, connections, answers.control ?? {}, answers.node ?? {}, bundlePath);
    await scenario.work(CONTROL_QUEUE, scenario.controlActs(), version);
    return scenario;
  }

  /** What a machine says of itself. */
  static facts(): ReturnType<NodeActivities['describeNode']> {
    return Promise.resolve({
      ...{ hostname: 'test', rankAddress: '127.0.0.1', rankInterface: 'lo', cpuCores: 2, memoryBytes: 1, freeDiskBytes: 1 },
      ...{ device: 'cpu' as const, gpus: [], python: '3', packages: {} },
    });
  }

  /** One more control worker beside those that there are. */
  addControlWorker(version: WorkerVersion): Promise<void> {
    return this.work(CONTROL_QUEUE, this.controlActs(), version);
  }

  start(request: unknown = {}): Promise<WorkflowHandle> {
    return this.client.workflow.start('fineTuningRun', {
      workflowId: runWorkflowId(this.runKey),
      taskQueue: CONTROL_QUEUE,
      args: [request],
    });
  }

  /** Asks the run for its status until it is as meant. */
  async status(handle: WorkflowHandle, isMeant: (status: RunStatus) => boolean): Promise<RunStatus> {
    for (;;) {
      const status = await handle.query<RunStatus>('status');
      if (isMeant(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What has been written down of failures and retries, in order. */
  async incidents(): Promise<Incident[]> {
    return readIncidents(this.store, this.runKey);
  }

  /** Without word to people outside, which goes out beside the run and so at no certain time. */
  names(): string[] {
    return this.calls.map(({ name }) => name).filter((name) => name !== 'notify');
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Resolves when the activity has been called with such an input. */
  async called(name: string, isMeant: (input: never) => boolean = () => true): Promise<void> {
    const isCalled = (): boolean => this.calls.some((call) => call.name === name && isMeant(call.input as never));
    while (!isCalled()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  providerNode(lease: string, runKey: string, fence: number, node: number, generation: number, deadline: string): ProviderNode {
    const tags = { installation: 'test', runKey, lease, fence, node, generation, leaseMinutes: 60 };
    const life = { launchedAt: new Date().toISOString(), deadline, endedAt: null };
    return { nodeId: `node-${node}-g${generation}`, tags, state: 'running', ...life, pricePerHourUsd: 0 };
  }

  job(jobId: string): JobSpec {
    return {
      jobId,
      fence: { runKey: this.runKey, owner: 1, gang: 1 },
      plan: { command: 'describe' },
      ranks: { first: 0, count: 1, worldSize: 2, threads: 1 },
      rendezvous: null,
      limits: samplePlan().limits,
      storePrefix: '',
      publish: null,
    };
  }

  async close(): Promise<void> {
    for (const { worker } of this.workers) worker.shutdown();
    await Promise.all(this.workers.map(({ done }) => done));
    await this.connections.nodes.close();
    await this.connections.control.close();
    await this.client.connection.close();
  }

  /** What a launch that finds machines brings up: a worker for the queue of each. */
  async launch({ leaseId, nodes, fence, runKey, deadline }: LaunchNodesInput): Promise<ProviderNode[]> {
    for (const { node, generation } of nodes) await this.addNode(leaseId, node, generation);
    return nodes.map(({ node, generation }) => this.providerNode(leaseId, runKey, fence, node, generation, deadline));
  }

  /** Ranks that train until they are stopped; other jobs are done at once. */
  async trainUntilStopped({ jobId }: { jobId: string }): Promise<FollowResult> {
    return isTraining(jobId) && this.count('stopRanks') === 0 ? untilCancelled() : followedWell();
  }

  /** A worker for a node's queue, as a launch would bring one up. */
  async addNode(leaseId: string, node: number, generation: number): Promise<void> {
    const queue = nodeQueue(leaseId, node, generation);
    if (this.nodeQueues.has(queue)) return;
    this.nodeQueues.add(queue);
    await this.work(queue, this.nodeActs());
  }

  /** Nobody answers on the queue of this node any more. */
  async silence(node: number): Promise<void> {
    const [queue] = [...this.nodeQueues].filter((one) => one.includes(`-${node}-g`)).slice(-1);
    const [silenced] = this.workers.filter((one) => one.queue === queue);
    if (queue === undefined || silenced === undefined) throw new Error(`node ${node} has no worker`);
    this.workers.splice(this.workers.indexOf(silenced), 1);
    silenced.worker.shutdown();
    await silenced.done;
    this.nodeQueues.delete(queue);
  }

  /** The real claim writes the plan down. */
  private async planOf(fence: number): Promise<void> {
    const claim = await this.control.claimRun?.({
      runKey: this.runKey,
      plan: samplePlan(),
      workflowId: '',
      runId: '',
      recovery: null,
    });
    // A test may count its minutes in seconds, which no request may.
    const { deadlineMinutes, parkedNodesMinutes } = samplePlan();
    const plan: RunPlan = { ...(claim?.plan ?? samplePlan()), deadlineMinutes, parkedNodesMinutes };
    await this.store.putIfAbsent(runKeys.plan(this.runKey, fence), JSON.stringify(plan));
  }

  private async work(taskQueue: string, acts: object, version: WorkerVersion | null = null): Promise<void> {
    const worker = await Worker.create({
      connection: taskQueue === CONTROL_QUEUE ? this.connections.control : this.connections.nodes,
      identity: 'test',
      taskQueue,
      ...(taskQueue === CONTROL_QUEUE ? { workflowBundle: { codePath: this.bundlePath } } : {}),
      activities: this.recorded(taskQueue, acts),
      interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
      // An act that a test leaves hanging must not hold the worker.
      shutdownForceTime: '1 second',
      maxHeartbeatThrottleInterval: 100,
      defaultHeartbeatThrottleInterval: 100,
      ...workerDeployment(version),
    });
    this.workers.push({ queue: taskQueue, worker, done: worker.run().catch(() => undefined) });
  }

  /** What an earlier test has left open is still worked on by whoever polls the control queue. */
  private refuseOthers(): void {
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    if (workflowId.startsWith('run/test-') && !workflowId.startsWith(runWorkflowId(this.runKey))) {
      failWith('Defect', `${workflowId} is of another scenario`);
    }
  }

  private recorded(queue: string, acts: object): object {
    return Object.fromEntries(
      Object.entries(acts).map(([name, act]: [string, (input: unknown) => unknown]) => [
        name,
        (input: unknown) => {
          this.refuseOthers();
          this.calls.push({ name, queue, input });
          return act(input);
        },
      ]),
    );
  }

  private controlActs(): Partial<Acts<ControlActivities>> {
    const plan = samplePlan();
    const job = (jobId: string): JobSpec => this.job(jobId);
    let trajectory = -1;
    return {
      planRun: async () => ({ runKey: this.runKey, plan }),
      claimRun: async () => ({ fence: 1, plan, finished: {} }),
      recordStep: async () => undefined,
      recordStages: async () => undefined,
      endRun: async () => undefined,
      notify: async () => 'nobody is to be told' as const,
      prepareDataset: async () => ({ datasetId: 'd'.repeat(64), note: '3 train, 2 validation, 2 test' }),
      importModel: async () => ({ modelId: 'm' }),
      launchNodes: (request) => this.launch(request),
      watchNodes: () => untilCancelled(),
      terminateNodes: async () => ({ terminated: [] }),
      isLeaseNeeded: async () => true,
      planNodeJob: async ({ jobId }) => ({ spec: job(jobId), inputs: [], output: 'output' }),
      openTrajectory: async ({ round }) => {
        trajectory += 1;
        const jobId = `round-${round}-t${trajectory}`;
        const jobs = [0, 1].map(() => job(jobId));
        return {
          trajectory,
          jobId,
          resume: trajectory === 0 ? null : { trajectory: 0, step: 10 },
          passedOver: [],
          jobs,
          inputs: [],
          checkpoint: null,
        };
      },
      setAsideCheckpoint: async () => undefined,
      judgeGang: async (input) => {
        await this.planOf(input.fence);
        return judgeGang(this)(input);
      },
      judgeFailure: decisions.judgeFailure,
      planRetry: async (input) => {
        await this.planOf(input.fence);
        return planRetry({ store: this.store, planner: new FakePlanner() })(input);
      },
      // The rule itself, with its seconds as milliseconds.
      judgeLaunch: async (refused) => {
        const verdict = (await import('../../src/domain/launch-patience.js')).judgeLaunch(refused);
        return verdict.action === 'again' ? { ...verdict, afterSeconds: verdict.afterSeconds / 1000 } : verdict;
      },
      sweepNodes: async () => ({ listed: 0, ended: [] }),
      judgeSpend: async () => ({ isOver: false, againAfterSeconds: 3600 }),
      reserveLaunch: async () => undefined,
      raiseCaps: async () => undefined,
      recoverRuns: async () => ({ started: [], waiting: [], left: [], resumed: [] }),
      closeRound: async () => ({ steps: 20, snapshots: [{ epoch: 1, step: 20, key: 'epoch', weightsSha256: 'w' }] }),
      discardRound: async () => undefined,
      answerLength: async () => ({ maxNewTokens: 16 }),
      openEvaluation: async ({ id, shards }) => ({
        shards: Array.from({ length: shards }, (_, index) => ({
          spec: job(`evaluation-${id}-s${index}`),
          inputs: [],
          predictions: { from: 'p', to: 'p' },
        })),
      }),
      scoreEvaluation: async () => [{ model: 'epoch-1', items: 2, accuracy: estimate, parts: {} }],
      chooseEpoch: async () => ({ epoch: 1 }),
      compareOnTest: async () => ({
        comparison: { items: 2, before: estimate, after: estimate, difference: estimate, gained: 0, lost: 0 },
      }),
      writeModelCard: async () => ({ card: 'card', to: 'model' }),
      buildReport: async () => ({ reportKey: 'report', message: 'done' }),
      ...this.control,
    };
  }

  private nodeActs(): Partial<Acts<NodeActivities>> {
    return {
      describeNode: () => Scenario.facts(),
      renewNode: async () => undefined,
      stageInputs: async () => undefined,
      pickRendezvous: async () => ({ address: '127.0.0.1', port: 1 }),
      startRanks: async () => 'started' as const,
      followRanks: async () => followedWell(),
      stopRanks: async () => undefined,
      storeModel: async () => ({ modelId: 'm', key: 'models/m' }),
      storePredictions: async () => undefined,
      ...this.node,
    };
  }
}
