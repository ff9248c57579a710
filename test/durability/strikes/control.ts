import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../src/domain/random.js';
import { isEntry, isServer } from '../../e2e/sandbox.js';
import type { Strike } from '../fault.js';
import type { Scene } from '../scene.js';
import { signal } from './ranks.js';

/** Every queue: a server that was away is polled by all. */
const allQueues = ({ queues }: Scene): string[] => [queues.control, queues.node(0), queues.node(1)];

export async function killNodeWorker(scene: Scene, random: Random): Promise<Strike> {
  const node = random.pick([0, 1]);
  const [worker] = scene.nodeProcesses(node).filter(isEntry('node'));
  if (worker === undefined) throw new Error(`node ${node} has no worker`);
  return { ...signal(worker, 'SIGKILL'), what: `SIGKILL to the worker of node ${node}`, queues: [scene.queues.node(node)] };
}

export async function killControlWorker(scene: Scene): Promise<Strike> {
  const worker = await scene.box.find('control worker', isEntry('control'));
  return { ...signal(worker, 'SIGKILL'), what: 'SIGKILL to the control worker', queues: [scene.queues.control] };
}

export async function killServer(scene: Scene): Promise<Strike> {
  return {
    ...signal(await scene.box.find('server', isServer), 'SIGKILL'),
    what: 'SIGKILL to the server',
    queues: allQueues(scene),
  };
}

/**
 * Stopped, not killed: its host would start another one at once. Connections stay open and nothing answers on them, as with a machine
 * that hangs or a network that swallows packets.
 */
export const serverDown =
  (minutes: number) =>
  async (scene: Scene): Promise<Strike> => {
    const server = await scene.box.find('server', isServer);
    const { at } = signal(server, 'SIGSTOP');
    await delay(minutes * 60_000);
    process.kill(server.pid, 'SIGCONT');
    return { what: `server stopped for ${minutes} min`, at, overAt: Date.now(), queues: allQueues(scene) };
  };

/** The worst morning: nothing of the control plane runs any more, and its memory is gone. */
export async function deleteDatabase(scene: Scene): Promise<Strike> {
  // The host first, so that it brings nothing back.
  for (const [what, isIt] of [
    ['control host', isEntry('control-host')],
    ['control worker', isEntry('control')],
    ['server', isServer],
  ] as const) {
    signal(await scene.box.find(what, isIt), 'SIGKILL');
  }
  rmSync(join(scene.box.home, 'server'), { recursive: true });
  const at = Date.now();
  return { what: 'control host, control worker and server killed, database deleted', at, overAt: at };
}
