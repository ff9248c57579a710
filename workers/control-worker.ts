import { Runtime, Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/index.js';
import { CONTROL_QUEUE } from '../src/domain/names.js';
import type { Compute } from '../src/platform/compute/port.js';
import { readEnvironment } from '../src/platform/environment.js';
import { Home } from '../src/platform/home/home.js';
import { keepMeasured } from '../src/platform/ledger/keep-measured.js';
import { LedgerMetrics } from '../src/platform/ledger/ledger-metrics.js';
import { StoredLedger } from '../src/platform/ledger/stored-ledger.js';
import type { Logger } from '../src/platform/logger.js';
import { Webhook } from '../src/platform/notification/webhook.js';
import { FileStore } from '../src/platform/object-store/file-store.js';
import { packageFile } from '../src/platform/package-root.js';
import { LocalPlanner } from '../src/platform/planning/local-planner.js';
import { configuredServer, connectClient } from '../src/platform/temporal/connection.js';
import { ensureStandingSchedules } from '../src/platform/temporal/standing-schedules.js';
import { TemporalRunDirectory } from '../src/platform/temporal/run-directory.js';
import { TemporalRunSchedules } from '../src/platform/temporal/run-schedules.js';
import { workerDeployment } from '../src/platform/temporal/worker-deployment.js';
import { checkRows } from '../src/tasks/check-rows.js';
import { FailureInterceptor } from './failure-interceptor.js';
import { connectWorker, installRuntime } from './runtime.js';

/**
 * Each lease that launches, each gang and each job keeps one activity, which sleeps, busy watching its nodes: two a run at most times.
 * With none left nothing can run that would end one of them, so there are more than memory has room for runs; a free one costs nothing.
 */
const MAX_ACTIVITIES = 10_000;

/** How soon the death of the control host is noticed; nobody waits for it. */
const PARENT_MS = 1_000;

/** Polls for workflows, and for the activities that need no machine of the cluster, until it is told to stop. */
export async function runControlWorker(provider: (home: Home, logger: Logger) => Compute): Promise<void> {
  const parent = process.ppid;
  const environment = readEnvironment(process.env, process.cwd());
  const logger = installRuntime('control', environment.logLevel, environment.metricsAddress);
  const home = new Home(environment.home);
  await home.open();
  const target = configuredServer();
  if (target === null) throw new Error('the control worker is started with TEMPORAL_ADDRESS set');

  const connection = await connectWorker(target, logger);
  const client = await connectClient(target);
  // Here, since every installation has a control worker, whoever started it and whatever server it is of.
  await ensureStandingSchedules(client);
  const store = new FileStore(home.store());
  const compute = provider(home, logger);
  const ledger = new StoredLedger(store, compute);
  const installation = await home.installation();
  const worker = await Worker.create({
    connection,
    namespace: target.namespace,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: { codePath: packageFile('dist', 'workflow-bundle.js') },
    activities: createControlActivities({
      store,
      compute,
      ledger,
      installation,
      server: { address: target.address, namespace: target.namespace },
      planner: new LocalPlanner({ folder: process.cwd(), checkRows, home, python: environment.python }),
      runs: new TemporalRunDirectory(client),
      schedules: new TemporalRunSchedules(client),
      notifier: environment.webhookUrl === null ? null : new Webhook(environment.webhookUrl),
      uiUrl: process.env['TEMPORAL_UI_URL'] ?? null,
    }),
    interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
    maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
    ...workerDeployment(environment.workerVersion),
  });
  const ended = new AbortController();
  if (environment.metricsAddress !== null) {
    const metrics = new LedgerMetrics({ compute, ledger, installation }, Runtime.instance().metricMeter);
    const warn = (message: string, error: unknown): void => logger.warn({ err: error }, message);
    // Not waited for at the end: the store may hang.
    void keepMeasured(metrics, { warn, signal: ended.signal });
  }
  logger.info({ taskQueue: CONTROL_QUEUE, address: target.address, version: environment.workerVersion }, 'control worker polls');
  const orphaned = setInterval(() => {
    if (process.env['FORMWORK_CONTROL_HOST'] === undefined || process.ppid === parent) return;
    logger.warn('the control host is gone; ending, since its successor starts a worker of its own');
    clearInterval(orphaned);
    worker.shutdown();
  }, PARENT_MS);
  try {
    await worker.run();
  } finally {
    clearInterval(orphaned);
    ended.abort();
    await client.connection.close();
    await connection.close();
  }
}
