import type { Home } from '../home/home.js';
import { entryCommand } from '../package-root.js';
import { LocalCompute } from './local-compute.js';

/** The local provider of an installation. */
export function localCompute(home: Home, env: NodeJS.ProcessEnv, launcher: readonly string[] = []): LocalCompute {
  return new LocalCompute({
    nodes: home.nodes(),
    launcher,
    host: entryCommand('node-host'),
    env: { ...env, FORMWORK_HOME: home.root },
  });
}
