// The host of a local node: the machine around its worker. Keeps the worker alive, keeps the deadline, and at the end takes
// every rank down. usage: node-host <node folder>
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NodeFolder } from '../src/platform/compute/node-folder.js';
import { entryCommand } from '../src/platform/package-root.js';
import { ownIdentity } from '../src/platform/process/process-identity.js';
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
mkdirSync(folder.work(), { recursive: true });

let asked = '';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => (asked = `asked to end by ${signal}`));
await folder.writeHost(await ownIdentity());

let worker: ChildProcess | null = null;
let startedAt = 0;
let reason = '';
while (reason === '') {
  if ((worker === null || hasEnded(worker)) && Date.now() - startedAt >= RESTART_MS) {
    startedAt = Date.now();
    worker = startWorker();
  }
  await delay(LOOK_MS);
  const deadline = await folder.deadline();
  reason = asked !== '' ? asked : deadline !== null && Date.now() >= deadline.getTime() ? 'the deadline of its lease passed' : '';
}

if (worker !== null && !hasEnded(worker)) {
  const last = worker;
  last.kill('SIGTERM');
  await waitUntil(() => Promise.resolve(hasEnded(last)), { timeoutMs: WORKER_STOP_MS, everyMs: 50 });
  if (!hasEnded(last)) last.kill('SIGKILL');
}
await new LocalJobRunner({ work: folder.work(), supervisor: entryCommand('rank-supervisor'), env: process.env }).stopOlder(null);
await folder.writeTerminated(reason);
process.exit(0);

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

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
