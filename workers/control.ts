// The control worker: workflows, and the activities that need no machine of the cluster.
import { Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/index.js';
import { CONTROL_QUEUE } from '../src/domain/names.js';
import { readEnvironment, withoutSecrets } from '../src/platform/environment.js';
import { Home } from '../src/platform/home/home.js';
import { Webhook } from '../src/platform/notification/webhook.js';
import { recordedNodes } from '../src/platform/ledger/recorded-nodes.js';
import { StoredLedger } from '../src/platform/ledger/stored-ledger.js';
import { FileStore } from '../src/platform/object-store/file-store.js';
import { packageFile } from '../src/platform/package-root.js';
import { LocalPlanner } from '../src/platform/planning/local-planner.js';
import { configuredServer, connectClient } from '../src/platform/temporal/connection.js';
import { ensureStandingSchedules } from '../src/platform/temporal/standing-schedules.js';
import { TemporalRunDirectory } from '../src/platform/temporal/run-directory.js';
import { workerDeployment } from '../src/platform/temporal/worker-deployment.js';
import { checkRows } from '../src/tasks/check-rows.js';
import { FailureInterceptor } from './failure-interceptor.js';
import { connectWorker, installRuntime } from './runtime.js';

/** Each training gang keeps one activity, which sleeps, busy watching its nodes. */
const MAX_ACTIVITIES = 500;

/** How soon the death of the control host is noticed; nobody waits for it. */
const PARENT_MS = 1_000;

const parent = process.ppid;
const environment = readEnvironment(process.env, process.cwd());
const logger = installRuntime('control', environment.logLevel);
const home = new Home(environment.home);
await home.open();
const target = configuredServer();
if (target === null) throw new Error('the control worker is started with TEMPORAL_ADDRESS set');

const connection = await connectWorker(target, logger);
const client = await connectClient(target);
// Here, since every installation has a control worker, whoever started it and whatever server it is of.
await ensureStandingSchedules(client);
const store = new FileStore(home.store());
const compute = recordedNodes(home, {
  env: withoutSecrets(process.env),
  launcher: environment.nodeLauncher,
  warn: (message, error) => logger.warn({ err: error }, message),
});
const worker = await Worker.create({
  connection,
  namespace: target.namespace,
  taskQueue: CONTROL_QUEUE,
  workflowBundle: { codePath: packageFile('dist', 'workflow-bundle.js') },
  activities: createControlActivities({
    store,
    compute,
    ledger: new StoredLedger(store, compute),
    installation: await home.installation(),
    server: { address: target.address, namespace: target.namespace },
    planner: new LocalPlanner({ folder: process.cwd(), checkRows, home, python: environment.python }),
    runs: new TemporalRunDirectory(client),
    notifier: environment.webhookUrl === null ? null : new Webhook(environment.webhookUrl),
    uiUrl: process.env['TEMPORAL_UI_URL'] ?? null,
  }),
  interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
  maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
  ...workerDeployment(environment.workerVersion),
});
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
  await client.connection.close();
  await connection.close();
}
