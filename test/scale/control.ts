// The product's control worker as it is installed, compiled; all of it is real but the machines, which are entries of a list.
import { packageFile } from '../../src/platform/package-root.js';
import { RecordedCompute } from '../../src/platform/ledger/recorded-compute.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import type { runControlWorker as run } from '../../workers/control-worker.js';
import { FakeMachines } from './fake-machines.js';

// What this file is run by reads source maps for every stack trace, which the product does not.
process.setSourceMapsEnabled(false);
const compiled = packageFile('dist', 'workers', 'control-worker.js');
const { runControlWorker } = (await import(compiled)) as { runControlWorker: typeof run };

await runControlWorker(
  (home, logger) =>
    new RecordedCompute(new FakeMachines(), new FileStore(home.store()), (message, error) => logger.warn({ err: error }, message)),
);
