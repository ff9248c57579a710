import { findByEnvironment } from '../process/process-scan.js';
import { killIfThere } from '../process/process-identity.js';
import { waitUntil } from '../process/wait-until.js';

/**
 * Environment variable that every process of a node carries; the "machine" is all processes that have it. The folder, since the
 * id follows from the run key, and another home on this machine may have a run of that key.
 */
export const NODE_FOLDER_VARIABLE = 'FORMWORK_NODE_FOLDER';

/** A killed process is gone in milliseconds, unless it waits for a disk; then the node stays listed. */
const KILL_MS = 5_000;
const LOOK_MS = 50;

/** Kills every process of the node with this folder, but for `spared`. False when some are still there. */
export async function killProcesses(folder: string, spared: number | null): Promise<boolean> {
  // Again and again: what is killed may have started something a moment ago.
  const gone = await waitUntil(
    async () => {
      const left = (await findByEnvironment(NODE_FOLDER_VARIABLE, folder)).filter(({ pid }) => pid !== spared);
      for (const { pid } of left) killIfThere(pid, 'SIGKILL');
      return left.length === 0;
    },
    { timeoutMs: KILL_MS, everyMs: LOOK_MS },
  );
  return gone !== null;
}
