// Stops a process for a time, and continues it whatever becomes of who asked for that. SIGTERM ends the pause at once.
// usage: process-pause <pid> <start time> <seconds>
import { setTimeout as delay } from 'node:timers/promises';
import { sendSignal } from '../src/platform/process/process-identity.js';

const [pid, startTime, seconds] = process.argv.slice(2);
if (pid === undefined || startTime === undefined || !(Number(seconds) > 0)) {
  throw new Error('usage: process-pause <pid> <start time> <seconds>');
}
const paused = { pid: Number(pid), startTime };
const asked = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => asked.abort());
if (!(await sendSignal(paused, 'SIGSTOP'))) throw new Error(`process ${pid} has ended already`);
await delay(Number(seconds) * 1000, undefined, { signal: asked.signal }).catch(() => undefined);
await sendSignal(paused, 'SIGCONT');
