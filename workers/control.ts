// The control worker: workflows, and the activities that need no machine of the cluster.
import { readEnvironment, withoutSecrets } from '../src/platform/environment.js';
import { recordedNodes } from '../src/platform/ledger/recorded-nodes.js';
import { runControlWorker } from './control-worker.js';

await runControlWorker((home, logger) =>
  recordedNodes(home, {
    env: withoutSecrets(process.env),
    launcher: readEnvironment(process.env, process.cwd()).nodeLauncher,
    warn: (message, error) => logger.warn({ err: error }, message),
  }),
);
