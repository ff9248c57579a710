import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { Failure } from '../../domain/failures.js';
import { takeLock } from '../lock.js';
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
/** Between the look for a free port and the server's own claim another program may take it; three in a row have another cause. */
const TRIES = 3;
/** A server is up in a second or two. */
const TURN_MS = 200;
/** A clean stop takes about 0.3 s; after this it is killed, which SQLite's journal survives. */
const STOP_MS = 15_000;

/**
 * Polls of a kind that a namespace may hold open. A node has two, a control worker ten; beyond the limit a poll is refused, and what is
 * meant for its node times out. At the server's own 1,200 that is node 601; here memory gives way first, at 0.13 MiB a poll.
 */
const SETTINGS: Readonly<Record<string, number>> = { 'frontend.namespaceCount': 10_000 };

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
export async function startEmbeddedServer(options: ServerOptions): Promise<EmbeddedServer> {
  for (let tries = 1; ; tries += 1) {
    const server = options.ports === undefined ? await inTurn(() => startOnce(options)) : await startOnce(options);
    if (typeof server !== 'string') return server;
    if (options.ports === undefined && tries < TRIES) continue;
    const log = join(options.folder, 'server.log');
    throw new Failure('EnvironmentNotReady', `the Temporal server did not come up on ${server}; its log is ${log}`, { log });
  }
}

interface ServerOptions {
  binary: string;
  folder: string;
  /** Address that its clients are told. Another one than loopback makes it listen on every interface. */
  host?: string;
  /** Of a server before it, to whose address clients hold on: these and no others. */
  ports?: { port: number; uiPort: number };
  /** Taken where they are free. */
  preferred?: { port: number; uiPort: number };
  /** Dynamic configuration of the server, by its own keys, before what it has here. */
  settings?: Readonly<Record<string, number>>;
  env: NodeJS.ProcessEnv;
}

/** Homes that start at the same moment would choose the same ports, and one of them take the other's server for its own. */
async function inTurn<T>(start: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = await takeLock(join(tmpdir(), `formwork-ports-${userInfo().uid}.lock`));
    if ('heldBy' in lock) await delay(TURN_MS);
    else return start().finally(() => lock.release());
  }
}

/** The address instead where it did not come up. */
async function startOnce(options: ServerOptions): Promise<EmbeddedServer | string> {
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
      ...Object.entries({ ...SETTINGS, ...options.settings }).flatMap(([key, value]) => [
        '--dynamic-config-value',
        `${key}=${value}`,
      ]),
    ],
    cwd: options.folder,
    env: { ...options.env, [SERVER_VARIABLE]: options.folder },
    log,
  });
  const address = `${host}:${port}`;
  // Looked at after the answer: another server may be the one that answers there.
  const health = async (): Promise<'healthy' | 'ended' | null> => {
    const answered = await answers(address);
    if (!(await isAlive(process))) return 'ended';
    return answered ? 'healthy' : null;
  };
  if ((await waitUntil(health, { timeoutMs: START_MS, everyMs: 100 })) !== 'healthy') {
    await stopEmbeddedServer(process);
    return address;
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
