import { resetWorkflow } from '../temporal/reset-workflow.js';
import { struckNow, type FaultGround, type Strike } from './fault-ground.js';
import { nodesToStrike } from './struck-nodes.js';

const REASON = 'formwork fault';

// The clock of each starts when the server is asked.

export async function terminateRun({ client, workflowId }: FaultGround): Promise<Strike> {
  const strike = struckNow(`Terminate of ${workflowId}`);
  await client.workflow.getHandle(workflowId).terminate(REASON);
  return strike;
}

/** By the tags of its machines: a run may have had more than one. */
export async function terminateLease({ client, home, runKey, random }: FaultGround): Promise<Strike> {
  const { tags } = random.pick(await nodesToStrike(home, runKey));
  const strike = struckNow(`Terminate of ${tags.lease}`);
  await client.workflow.getHandle(tags.lease).terminate(REASON);
  return strike;
}

export const resetRun =
  (to: 'first' | 'last') =>
  async ({ client, workflowId }: FaultGround): Promise<Strike> => {
    const strike = struckNow(`Reset of ${workflowId} to its ${to} workflow task`);
    await resetWorkflow(client, client.workflow.getHandle(workflowId), { to, reason: REASON });
    return strike;
  };
