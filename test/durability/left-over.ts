import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localCompute } from '../../src/platform/compute/local-nodes.js';
import { ControlFolder } from '../../src/platform/control/control-folder.js';
import { lockHolder } from '../../src/platform/lock.js';
import type { FoundProcess } from '../e2e/sandbox.js';
import type { Scene } from './scene.js';

const LOOK_MS = 250;

/** When no process of any node was left; null: not by `end`. */
export async function machinesGone(scene: Scene, end: number): Promise<number | null> {
  while (scene.nodeProcesses(null).length > 0) {
    if (Date.now() > end) return null;
    await delay(LOOK_MS);
  }
  return Date.now();
}

/**
 * What is left of a run that is over, in words: first of its machines, while the control plane is up and could be asked for more, then
 * of everything, after `formwork down`. By the kernel's tables and the provider's list, not by files of the run.
 */
export async function lookForLeftOver(scene: Scene): Promise<string[]> {
  const { box, home, network } = scene;
  const machines = scene.nodeProcesses(null).map((found) => `of a node: ${nameOf(found)}`);
  const listed = await localCompute(home, process.env).list({ installation: await home.installation() });
  const machinesLeft = listed.filter(({ state }) => state !== 'terminated');
  machines.push(...machinesLeft.map(({ nodeId, state }) => `the provider lists ${nodeId} as ${state}`));

  const down = scene.formwork(['down']);
  const code = await down.ended;
  await scene.disconnect();
  const rest = [
    ...(code === 0 ? [] : [`formwork down ended with ${code}: ${down.stdout.trim()}`]),
    ...box.processes().map((found) => `after formwork down: ${nameOf(found)}`),
    ...box.listening().map((port) => `port ${port} is listened on`),
    // The file of a holder that was killed locks nothing.
    ...((await lockHolder(new ControlFolder(home.control()).lock())) === null ? [] : ['the lock of the control host is held']),
    ...(network?.processes() ?? []).map((pid) => `process ${pid} runs on a host of its network`),
  ];
  await scene.undo();
  const places = (network?.namespaces() ?? []).map((name) => `network namespace ${name}`);
  return [...machines, ...rest, ...places, ...mountsBelow(box.root)];
}

const nameOf = ({ pid, command }: FoundProcess): string =>
  `process ${pid}, ${command
    .map((part) => basename(part))
    .join(' ')
    .slice(0, 120)}`;

const mountsBelow = (folder: string): string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .map((path) => `${relative(folder, path)} is mounted`);
