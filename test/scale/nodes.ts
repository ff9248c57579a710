// All machines of a measurement in one process, each with the product's node worker on a queue of its own.
// Started with a channel to its parent: see NodesWord and ParentWord.
import { leaseWorkflowId, nodeName, nodeQueue } from '../../src/domain/names.js';
import { readEnvironment } from '../../src/platform/environment.js';
import { Home } from '../../src/platform/home/home.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { configuredServer } from '../../src/platform/temporal/connection.js';
import { createNodeWorker } from '../../workers/node-worker.js';
import { connectWorker, installRuntime } from '../../workers/runtime.js';
import { FakeNode } from './fake-node.js';
import type { NodesWord, ParentWord } from './nodes-words.js';

/** Each asks the server for its namespace while it comes up; more at once would make the last of them wait too long for the answer. */
const STARTED_AT_ONCE = 25;
const TELL_MS = 250;

const environment = readEnvironment(process.env, process.cwd());
const logger = installRuntime('nodes', environment.logLevel);
const target = configuredServer();
if (target === null) throw new Error('the nodes are started with TEMPORAL_ADDRESS set');
const connection = await connectWorker(target, logger);
const store = new FileStore(new Home(environment.home).store());
const nodes: FakeNode[] = [];
let mayEnd = false;

process.on('disconnect', () => process.exit());
process.on('message', (word: ParentWord) => {
  if (word.say === 'end training') mayEnd = true;
  else void start(word.runKeys, word.nodes);
});
tell({ state: 'connected' });

async function start(runKeys: readonly string[], count: number): Promise<void> {
  const places = runKeys.flatMap((runKey) => Array.from({ length: count }, (_, node) => ({ runKey, node })));
  for (let begun = 0; begun < places.length; begun += STARTED_AT_ONCE) {
    await Promise.all(places.slice(begun, begun + STARTED_AT_ONCE).map(({ runKey, node }) => startOne(runKey, node)));
  }
  setInterval(() => tell({ state: 'polling', training: nodes.filter(({ isTraining }) => isTraining).length }), TELL_MS);
}

/** The first generation of the first lease of a run: a measurement in which others are asked for has failed. */
async function startOne(runKey: string, node: number): Promise<void> {
  const lease = leaseWorkflowId(runKey, 1, 1);
  const fake = new FakeNode(store, nodeName(lease, node, 1), runKey, () => mayEnd);
  nodes.push(fake);
  const worker = await createNodeWorker({
    connection,
    namespace: target?.namespace ?? 'default',
    taskQueue: nodeQueue(lease, node, 1),
    activities: fake.activities,
  });
  worker.run().catch((error: unknown) => {
    logger.error({ err: error }, 'the worker of a node has failed');
    process.exit(1);
  });
}

function tell(word: NodesWord): void {
  process.send?.(word);
}
