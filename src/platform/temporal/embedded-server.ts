import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Failure } from '../../domain/failures.js';
import { freePort } from '../network/free-port.js';
import { isAlive, sendSignal, type ProcessIdentity } from '../process/process-identity.js';
import { findByEnvironment } from '../process/process-scan.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';

const LOOPBACK = '127.0.0.1';
/**
 * The services of a development server announce themselves to each other at 127.0.0.1 (Temporal CLI, read from its dials), so one that
 * listens on another address alone cannot reach itself.
 */
const EVERYWHERE = '0.0.0.0';
const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
/** Healthy in 1.1 s on a new file here, 2 cores; much longer on a machine that is busy with the ranks of a run. */
const START_MS = 60_000;
/** A clean stop takes about 0.3 s; after this it is killed, which SQLite's journal survives. */
const STOP_MS = 15_000;

/** Every server of a data directory carries it, so that one is found whatever our files say of it. */
const SERVER_VARIABLE = 'FORMWORK_SERVER';

/** Servers of this data directory that run, whoever has started them. Found on Linux alone. */
export const runningServers = (folder: string): Promise<ProcessIdentity[]> => findByEnvironment(SERVER_VARIABLE, folder);

export interface EmbeddedServer {
  process: ProcessIdentity;
  address: string;
  port: number;
  uiPort: number;
  uiUrl: string;
}

/**
 * Starts a Temporal server on a SQLite file, on loopback unless told otherwise. Its Web UI, which lets everybody in, stays there.
 * The caller holds the lock of the data directory: two servers on one file would corrupt it.
 */
export async function startEmbeddedServer(options: {
  binary: string;
  folder: string;
  /** Address that its clients are told. Another one than loopback makes it listen on every interface. */
  host?: string;
  /** Of a server before it, to whose address clients hold on: these and no others. */
  ports?: { port: number; uiPort: number };
  /** Taken where they are free. */
  preferred?: { port: number; uiPort: number };
  /** Dynamic configuration of the server, by its own keys. */
  settings?: Readonly<Record<string, number>>;
  env: NodeJS.ProcessEnv;
}): Promise<EmbeddedServer> {
  const { host = LOOPBACK, preferred = { port: USUAL_PORT, uiPort: USUAL_UI_PORT } } = options;
  const port = options.ports?.port ?? (await freePort(preferred.port, host));
  const uiPort = options.ports?.uiPort ?? (await freePort(preferred.uiPort, LOOPBACK));
  const log = join(options.folder, 'server.log');
  const process = await startDetached({
    command: options.binary,
    args: [
      ...['server', 'start-dev', '--ip', host === LOOPBACK ? LOOPBACK : EVERYWHERE, '--port', String(port)],
      ...['--ui-ip', LOOPBACK, '--ui-port', String(uiPort)],
      ...['--db-filename', join(options.folder, 'temporal.db')],
      // Without these two each commit waits for the disk: ten times slower (43 against 442 activities a second here).
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
      ...['--log-level', 'error', '--ui-disable-news-fetch'],
      ...Object.entries(options.settings ?? {}).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ],
    cwd: options.folder,
    env: { ...options.env, [SERVER_VARIABLE]: options.folder },
    log,
  });
  const address = `${host}:${port}`;
  const healthy = await waitUntil(async () => (await answers(address)) || ((await isAlive(process)) ? null : 'ended'), {
    timeoutMs: START_MS,
    everyMs: 100,
  });
  if (healthy !== true) {
    await stopEmbeddedServer(process);
    throw new Failure('EnvironmentNotReady', `the Temporal server did not come up on ${address}; its log is ${log}`, { log });
  }
  return { process, address, port, uiPort, uiUrl: `http://${LOOPBACK}:${uiPort}` };
}

export async function stopEmbeddedServer(server: ProcessIdentity): Promise<void> {
  if (!(await sendSignal(server, 'SIGTERM'))) return;
  const gone = await waitUntil(async () => !(await isAlive(server)), { timeoutMs: STOP_MS, everyMs: 50 });
  if (gone === null) await sendSignal(server, 'SIGKILL');
}

/** True when a Temporal server is healthy there. */
async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1000 });
    await connection.close();
    return true;
  } catch {
    // Not yet, or not at all: what the caller asks for.
    return false;
  }
}
