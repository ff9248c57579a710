import { Failure } from '../../domain/failures.js';
import { CONTROL_QUEUE } from '../../domain/names.js';
import { ControlFolder, type ControlRecord } from '../control/control-folder.js';
import type { Home } from '../home/home.js';
import { entryCommand } from '../package-root.js';
import { isAlive, parentOf, processState, sendSignal, type ProcessIdentity } from '../process/process-identity.js';
import { findByEnvironment } from '../process/process-scan.js';
import { startDetached } from '../process/start-detached.js';
import { waitUntil } from '../process/wait-until.js';
import type { FaultGround, Strike } from './fault-ground.js';
import { strikeProcess } from './strike-ranks.js';
import { nodesOf } from './struck-nodes.js';

/** Set by a control host for its worker, to the number of its own process. */
const HOST_VARIABLE = 'FORMWORK_CONTROL_HOST';
/** The pause starts as every process of ours does, in tenths of a second; on a busy machine in seconds. */
const PAUSE_START_MS = 15_000;
const LOOK_MS = 50;

export async function killControlWorker({ home }: FaultGround): Promise<Strike> {
  const { host } = await controlOf(home);
  // Nodes that a worker has launched carry the variable too, and are no children of the host.
  const marked = await findByEnvironment(HOST_VARIABLE, String(host.pid));
  const parents = await Promise.all(marked.map(({ pid }) => parentOf(pid)));
  const worker = marked.find((_, index) => parents[index] === host.pid);
  if (worker === undefined) throw new Failure('InvalidRequest', 'there is no control worker at this moment; its host starts one');
  return { ...(await strikeProcess(worker, 'SIGKILL', 'the control worker')), queues: [CONTROL_QUEUE] };
}

export async function killServer(ground: FaultGround): Promise<Strike> {
  const server = await serverOf(ground.home);
  return { ...(await strikeProcess(server, 'SIGKILL', 'the server')), queues: await allQueues(ground) };
}

/**
 * Stopped, not killed: its host would start another one at once. Connections stay open and nothing answers on them, as with a machine
 * that hangs or a network that swallows packets. A process of its own stops the server and continues it, so that no end of this
 * command leaves it stopped.
 */
export async function stopServer(ground: FaultGround): Promise<Strike> {
  const { home, seconds, signal, say } = ground;
  const server = await serverOf(home);
  const queues = await allQueues(ground);
  const log = new ControlFolder(home.control()).log('pause');
  const [command, ...args] = entryCommand('process-pause');
  const pause = await startDetached({
    command,
    args: [...args, String(server.pid), server.startTime, String(seconds)],
    cwd: home.control(),
    env: process.env,
    log,
  });
  const giveUp = (): void => void sendSignal(pause, 'SIGTERM');
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    const isStopped = async (): Promise<boolean> => (await processState(server.pid)) === 'T';
    const isOver = async (): Promise<boolean> => !(await isAlive(pause));
    await waitUntil(async () => (await isStopped()) || (await isOver()), { timeoutMs: PAUSE_START_MS, everyMs: LOOK_MS });
    if (!(await isStopped())) {
      giveUp();
      throw new Failure('EnvironmentNotReady', `the server was not stopped; ${log} may say why`);
    }
    const at = Date.now();
    const until = new Date(at + seconds * 1000).toISOString();
    const mended = `process ${pause.pid} continues it at ${until}, whatever becomes of this command`;
    say(`server stopped, process ${server.pid}; ${mended} (by hand: kill -CONT ${server.pid})`);
    // By itself: this is no deadline.
    await waitUntil(isOver, { timeoutMs: Infinity, everyMs: LOOK_MS });
    const overAt = Date.now();
    return { what: `server stopped for ${Math.round((overAt - at) / 1000)} s, process ${server.pid}`, at, overAt, queues };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function serverOf(home: Home): Promise<ProcessIdentity> {
  const { server } = await controlOf(home);
  if (server.embedded !== null) return server.embedded.process;
  throw new Failure('InvalidRequest', `the server at ${server.address} is not one that formwork has started; it is left alone`);
}

async function controlOf(home: Home): Promise<ControlRecord> {
  const record = await new ControlFolder(home.control()).running();
  if (record !== null) return record;
  throw new Failure('InvalidRequest', 'no control host of this home is up; nothing was done');
}

/** A server that was away is polled by all. */
async function allQueues({ home, runKey }: FaultGround): Promise<string[]> {
  return [CONTROL_QUEUE, ...(await nodesOf(home, runKey)).map(({ queue }) => queue)];
}
