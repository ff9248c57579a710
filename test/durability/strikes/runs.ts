import { struckNow, type Strike } from '../../../src/platform/faults/fault-ground.js';
import type { Scene } from '../scene.js';

/** Not waited for: the command stays until the run has closed, and one that fails leaves the run uncancelled. */
export function cancelRun(scene: Scene): Promise<Strike> {
  scene.box.formwork(['cancel', scene.runKey]);
  return Promise.resolve(struckNow('formwork cancel'));
}
