// The node worker: takes activities from this node's own queue. It trains nothing itself; ranks outlive it.
// usage: node <node folder>
import { createNodeActivities } from '../activities/index.js';
import { JobFollowers } from '../activities/training/job-followers.js';
import { isLinkable, keepLink } from '../src/platform/compute/keep-link.js';
import { NodeFolder } from '../src/platform/compute/node-folder.js';
import { keepHost } from '../src/platform/compute/node-host.js';
import { readEnvironment } from '../src/platform/environment.js';
import { Home } from '../src/platform/home/home.js';
import { takeLock } from '../src/platform/lock.js';
import { ControlLink } from '../src/platform/network/control-link.js';
import { rankNetwork } from '../src/platform/network/rank-network.js';
import { LocalNode } from '../src/platform/node/local-node.js';
import { FileStore } from '../src/platform/object-store/file-store.js';
import { StoredWorkLog } from '../src/platform/ledger/stored-work-log.js';
import { entryCommand } from '../src/platform/package-root.js';
import { LocalJobRunner } from '../src/platform/runner/local-job-runner.js';
import { configuredServer } from '../src/platform/temporal/connection.js';
import { createNodeWorker } from './node-worker.js';
import { connectWorker, installRuntime } from './runtime.js';

const root = process.argv[2];
if (root === undefined) throw new Error('usage: node <node folder>');
const environment = readEnvironment(process.env, process.cwd());
const logger = installRuntime('node', environment.logLevel);
const folder = new NodeFolder(root);
const record = await folder.record();
const target = configuredServer();
if (record === null || target === null) throw new Error(`${root} is not the folder of a node, or TEMPORAL_ADDRESS is not set`);
const lock = await takeLock(folder.workerLock());
if ('heldBy' in lock) {
  logger.info({ heldBy: lock.heldBy.pid }, 'this node has a worker already');
  process.exit(0);
}
// From here on, also while the server is away: a host that was killed would leave nobody who keeps the deadline.
const ended = new AbortController();
const say = (message: string): void => logger.warn({ nodeId: record.nodeId }, message);
const hosted = keepHost(folder, { command: entryCommand('node-host'), env: process.env }, { say, signal: ended.signal });

const network = rankNetwork(process.env);
const home = new Home(environment.home);
const store = new FileStore(home.store());
const jobs = new LocalJobRunner({
  work: folder.work(),
  supervisor: entryCommand('rank-supervisor'),
  env: { ...process.env, FORMWORK_RANK_INTERFACE: network.rankInterface },
});
const workLog = new StoredWorkLog(store, record.nodeId, record.tags, (message, error) => logger.warn({ err: error }, message));
const followers = new JobFollowers({ jobs, store, workLog });
const link = isLinkable(target) ? await ControlLink.open(target.address) : null;
if (link !== null) await folder.writeLink(link.address);
const kept =
  link === null
    ? null
    : keepLink(folder, link, ended.signal).catch((error: unknown) =>
        logger.warn({ err: error }, 'the control link of this node cannot be cut any more'),
      );
const connection = await connectWorker(
  link === null ? target : { ...target, connectionOptions: { ...target.connectionOptions, address: link.address } },
  logger,
);
const worker = await createNodeWorker({
  connection,
  namespace: target.namespace,
  taskQueue: record.taskQueue,
  activities: createNodeActivities({ store, jobs, self: new LocalNode(folder, network), workLog, followers }),
});
logger.info({ taskQueue: record.taskQueue, address: target.address }, 'node worker polls');
try {
  await worker.run();
} finally {
  ended.abort();
  // They outlive activities, and the lock says that this process publishes no more.
  await followers.close();
  await hosted;
  await kept;
  await connection.close();
  await link?.close();
  await lock.release();
}
