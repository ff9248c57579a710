import { localCompute } from '../compute/local-nodes.js';
import type { Home } from '../home/home.js';
import { FileStore } from '../object-store/file-store.js';
import { RecordedCompute } from './recorded-compute.js';

interface Options {
  env: NodeJS.ProcessEnv;
  launcher?: readonly string[];
  warn: (message: string, error: unknown) => void;
}

/** The local provider of an installation, for whoever launches or ends nodes: both are in the ledgers of their runs. */
export function recordedNodes(home: Home, { env, launcher, warn }: Options): RecordedCompute {
  return new RecordedCompute(localCompute(home, env, launcher), new FileStore(home.store()), warn);
}
