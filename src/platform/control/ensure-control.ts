import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failures.js';
import type { Home } from '../home/home.js';
import { entryCommand } from '../package-root.js';
import { lockHolder } from '../lock.js';
import { isAlive } from '../process/process-identity.js';
import { startDetached } from '../process/start-detached.js';
import { configuredServer } from '../temporal/connection.js';
import { ControlFolder, type ControlRecord } from './control-folder.js';

/** A server on a new file, a worker and their imports take about 4 s here; a host that is stopping is waited for as well. */
const UP_MS = 240_000;
const LOOK_MS = 100;

/**
 * Joins the control host of this home, or starts one. It stays up while this process lives, or with `forever` until it is told to end.
 * @throws Failure EnvironmentNotReady with what the host said when it did not come up.
 */
export async function ensureControl(
  home: Home,
  env: NodeJS.ProcessEnv,
  options: { forever: boolean },
): Promise<{ record: ControlRecord; joined: boolean }> {
  const folder = new ControlFolder(home.control());
  await folder.hold(options);
  try {
    return await joinOrStart(home, folder, env);
  } catch (error) {
    // Else the next host would stay up for somebody who has gone.
    await folder.letGo(options);
    throw error;
  }
}

async function joinOrStart(
  home: Home,
  folder: ControlFolder,
  env: NodeJS.ProcessEnv,
): Promise<{ record: ControlRecord; joined: boolean }> {
  const running = await folder.running();
  if (running !== null) {
    refuseOtherServer(running);
    return { record: running, joined: true };
  }
  const end = Date.now() + UP_MS;
  while (Date.now() < end) {
    const record = await startHost(home, folder, env);
    if (record !== null) return { record, joined: false };
    // Another host has the lock: it is on its way up, or down.
    await delay(LOOK_MS * 5);
  }
  throw new Failure(
    'EnvironmentNotReady',
    `the control plane did not come up in ${UP_MS / 1000} s; its log is ${folder.log('host')}`,
  );
}

/** Runs started on a server where no worker of ours polls would wait for ever. */
function refuseOtherServer({ server }: ControlRecord): void {
  const wanted = configuredServer();
  if (wanted === null || (wanted.address === server.address && wanted.namespace === server.namespace)) return;
  throw new Failure(
    'EnvironmentNotReady',
    `the control worker of this home serves ${server.address} (${server.namespace}), and TEMPORAL_ADDRESS names ${wanted.address} ` +
      `(${wanted.namespace}); end it with formwork down, or unset TEMPORAL_ADDRESS`,
  );
}

async function startHost(home: Home, folder: ControlFolder, env: NodeJS.ProcessEnv): Promise<ControlRecord | null> {
  await folder.clearFailure();
  const [command, ...args] = entryCommand('control-host');
  const host = await startDetached({
    command,
    args,
    cwd: process.cwd(),
    env: { ...env, FORMWORK_HOME: home.root },
    log: folder.log('host'),
  });
  for (;;) {
    const record = await folder.running();
    if (record !== null) return record;
    if (!(await isAlive(host))) break;
    await delay(LOOK_MS);
  }
  const failure = await folder.failure();
  if (failure !== null) throw new Failure(failure.kind, failure.message);
  if ((await lockHolder(folder.lock())) !== null) return folder.running();
  throw new Failure('Defect', `the control host ended without a word; its log is ${folder.log('host')}`);
}
