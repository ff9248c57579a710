// The host of a local node: the machine around its worker. Keeps the worker alive, keeps the deadline, and at the end takes
// everything of the node down. A host that follows one that was killed goes on with worker and ranks as they are.
// usage: node-host <node folder>
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeFolder } from '../src/platform/compute/node-folder.js';
import { killProcesses } from '../src/platform/compute/node-processes.js';
import { lockHolder, takeLock } from '../src/platform/lock.js';
import { entryCommand } from '../src/platform/package-root.js';
import { isAlive, ownIdentity, sendSignal } from '../src/platform/process/process-identity.js';
import { waitUntil } from '../src/platform/process/wait-until.js';
import { LocalJobRunner } from '../src/platform/runner/local-job-runner.js';

/** How late a deadline or the death of the worker is noticed. */
const LOOK_MS = 500;
/** A worker that dies at once, again and again, is not restarted more often than this. */
const RESTART_MS = 1_000;
/** Enough for the worker to hand its activities back. */
const WORKER_STOP_MS = 5_000;

const root = process.argv[2];
if (root === undefined) throw new Error('usage: node-host <node folder>');
const folder = new NodeFolder(root);
const record = await folder.record();
if (record === null) throw new Error(`${root} is not the folder of a node`);
if ((await folder.terminated()) !== null) process.exit(0);
const lock = await takeLock(folder.hostLock());
if ('heldBy' in lock) {
  process.stderr.write(`process ${lock.heldBy.pid} is the host of this node already\n`);
  process.exit(0);
}
mkdirSync(folder.work(), { recursive: true });

let asked = '';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => (asked = `asked to end by ${signal}`));
await folder.writeHost(await ownIdentity());

let started: ChildProcess | null = null;
let startedAt = 0;
// Kept here too: a folder that somebody removes must not take the deadline with it.
let deadline: Date | null = null;
let reason = '';
while (reason === '') {
  if (!(await hasWorker()) && Date.now() - startedAt >= RESTART_MS) {
    startedAt = Date.now();
    started = startWorker();
  }
  await delay(LOOK_MS);
  reason = await reasonToEnd();
}
await endWorker();
await new LocalJobRunner({ work: folder.work(), supervisor: entryCommand('rank-supervisor'), env: process.env }).stopOlder(null);
await killProcesses(folder.root, process.pid);
if ((await folder.terminated()) === null) await folder.writeTerminated(reason);
process.exit(0);

async function reasonToEnd(): Promise<string> {
  if (asked !== '') return asked;
  if ((await folder.terminated()) !== null) return 'ended by the provider';
  deadline = (await folder.deadline()) ?? deadline;
  return deadline !== null && Date.now() >= deadline.getTime() ? 'the deadline of its lease passed' : '';
}

/** Ours on its way to its lock, or whoever has it: a host before us may have started that one. */
async function hasWorker(): Promise<boolean> {
  return (started !== null && !hasEnded(started)) || (await lockHolder(folder.workerLock())) !== null;
}

function startWorker(): ChildProcess {
  const log = openSync(folder.log('worker'), 'a');
  const [command, ...args] = entryCommand('node');
  const child = spawn(command, [...args, folder.root], {
    cwd: folder.work(),
    env: { ...process.env, TEMPORAL_ADDRESS: record?.server.address, TEMPORAL_NAMESPACE: record?.server.namespace },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.once('error', (error) => process.stderr.write(`node worker did not start: ${error.message}\n`));
  return child;
}

async function endWorker(): Promise<void> {
  const worker = await lockHolder(folder.workerLock());
  if (worker !== null && (await sendSignal(worker, 'SIGTERM'))) {
    await waitUntil(async () => !(await isAlive(worker)), { timeoutMs: WORKER_STOP_MS, everyMs: 50 });
    await sendSignal(worker, 'SIGKILL');
  }
  // One that has not come as far as its lock has nothing to hand back.
  started?.kill('SIGKILL');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
