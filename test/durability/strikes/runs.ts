import { resetWorkflow } from '../../fixtures/reset-workflow.js';
import type { Strike } from '../fault.js';
import type { Scene } from '../scene.js';

const REASON = 'a row of the durability table';

const now = (what: string): Strike => {
  const at = Date.now();
  return { what, at, overAt: at };
};

export async function terminateRun(scene: Scene): Promise<Strike> {
  const strike = now('Terminate of the run');
  await scene.run.terminate(REASON);
  return strike;
}

export async function terminateLease(scene: Scene): Promise<Strike> {
  const strike = now('Terminate of its lease');
  await scene.client.workflow.getHandle(scene.leaseId).terminate(REASON);
  return strike;
}

/** Not waited for: the command stays until the run has closed, and one that fails leaves the run uncancelled. */
export function cancelRun(scene: Scene): Promise<Strike> {
  scene.box.formwork(['cancel', scene.runKey]);
  return Promise.resolve(now('formwork cancel'));
}

/** The clock starts when the server is asked. */
export const resetRun =
  (where: 'first' | 'last') =>
  async (scene: Scene): Promise<Strike> => {
    const strike = now(`Reset of the run to its ${where} workflow task`);
    await resetWorkflow(scene.client, scene.run, where);
    return strike;
  };
