import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../lock.js';
import { isAlive } from '../process/process-identity.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';
import type { NodeFolder } from './node-folder.js';

/** A host writes its record in about 0.2 s; ten times that and more on a busy machine. */
const START_MS = 15_000;
const LOOK_MS = 50;

/** Deadlines are minutes away, so a host may be missing for this long; a kill of all processes of a node is over sooner. */
const KEEP_MS = 2_000;

/** How the host of a node is started. */
export interface HostStart {
  /** Command line; the folder of the node is appended. */
  command: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
}

export async function isHosted(folder: NodeFolder): Promise<boolean> {
  const host = await folder.host();
  return host !== null && (await isAlive(host));
}

/** Starts a host and waits for it. False when it has ended again, or says nothing. The caller holds the launch lock. */
export async function startHost(folder: NodeFolder, { command: [command, ...args], env }: HostStart): Promise<boolean> {
  const started = await startDetached({
    command,
    args: [...args, folder.root],
    cwd: folder.root,
    env,
    log: folder.log('host'),
  });
  await waitUntil(async () => (await isHosted(folder)) || !(await isAlive(started)), { timeoutMs: START_MS, everyMs: LOOK_MS });
  return isHosted(folder);
}

/**
 * Brings the host of this node back whenever it is gone, until the signal: whatever of a node lives keeps the node's deadline.
 * A host that cannot be started is said, and tried again: its reason may pass.
 */
export async function keepHost(
  folder: NodeFolder,
  start: HostStart,
  options: { say: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  while (await isTimeToLook(options.signal)) {
    try {
      const outcome = await restoreHost(folder, start);
      if (outcome !== 'not needed') options.say(`the host of this node was gone; another one ${outcome}`);
    } catch (error) {
      options.say(`the host of this node is gone and cannot be started: ${(error as Error).message}`);
    }
  }
}

async function restoreHost(folder: NodeFolder, start: HostStart): Promise<'not needed' | 'runs' | 'did not start'> {
  const isNeeded = async (): Promise<boolean> =>
    (await folder.record()) !== null && (await folder.terminated()) === null && !(await isHosted(folder));
  if (!(await isNeeded())) return 'not needed';
  const lock = await takeLock(folder.launchLock());
  // Somebody else of this node, or a launch, is at it.
  if ('heldBy' in lock) return 'not needed';
  try {
    if (!(await isNeeded())) return 'not needed';
    return (await startHost(folder, start)) ? 'runs' : 'did not start';
  } finally {
    await lock.release();
  }
}

/** False as soon as the signal has come. */
async function isTimeToLook(signal: AbortSignal): Promise<boolean> {
  try {
    await delay(KEEP_MS, undefined, { signal });
    return true;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return false;
    throw error;
  }
}
