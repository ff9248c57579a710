import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { struckNow, type Strike } from '../../../src/platform/faults/fault-ground.js';
import { isEntry, isServer } from '../../e2e/sandbox.js';
import type { Scene } from '../scene.js';

/** The worst morning: nothing of the control plane runs any more, and its memory is gone. */
export async function deleteDatabase(scene: Scene): Promise<Strike> {
  await killControlPlane(scene);
  rmSync(join(scene.box.home, 'server'), { recursive: true });
  return struckNow('control host, control worker and server killed, database deleted');
}

export async function killControlPlane(scene: Scene): Promise<void> {
  // The host first, so that it brings nothing back.
  for (const [what, isIt] of [
    ['control host', isEntry('control-host')],
    ['control worker', isEntry('control')],
    ['server', isServer],
  ] as const) {
    process.kill((await scene.box.find(what, isIt)).pid, 'SIGKILL');
  }
}
