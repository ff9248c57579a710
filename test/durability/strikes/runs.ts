import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { runWorkflowId } from '../../../src/domain/names.js';
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

/** As the button in the Web UI does it: `last` to the newest workflow task that was done, `first` to the beginning. */
export const resetRun =
  (where: 'first' | 'last') =>
  async (scene: Scene): Promise<Strike> => {
    const { events } = await scene.run.fetchHistory();
    const { EVENT_TYPE_WORKFLOW_TASK_COMPLETED } = proto.temporal.api.enums.v1.EventType;
    const done = (events ?? []).filter(({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
    const task = where === 'first' ? done.at(0) : done.at(-1);
    const { runId } = await scene.run.describe();
    const strike = now(`Reset of the run to its ${where} workflow task`);
    await scene.client.workflowService.resetWorkflowExecution({
      namespace: scene.client.options.namespace,
      workflowExecution: { workflowId: runWorkflowId(scene.runKey), runId },
      reason: REASON,
      workflowTaskFinishEventId: task?.eventId ?? null,
      requestId: randomUUID(),
    });
    return strike;
  };
