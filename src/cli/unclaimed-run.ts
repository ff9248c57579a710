import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { Failure, named } from '../domain/failures.js';
import { runKeyOf } from '../domain/names.js';
import { runEnd } from '../platform/temporal/run-end.js';
import type { StartedRun } from '../platform/temporal/unclaimed-runs.js';
import type { ListedRun } from './list-run.js';

/** A run that was never claimed, so that only the server knows of it. */
export async function unclaimedRun(client: Client, { workflowId, startedAt }: StartedRun): Promise<ListedRun> {
  const handle = client.workflow.getHandle(workflowId);
  const runKey = runKeyOf(workflowId);
  try {
    const { status, closeTime } = await handle.describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED')
      return { runKey, state: 'unclaimed', since: startedAt, message: 'no execution has claimed it' };
    const since = closeTime?.toISOString() ?? startedAt;
    const { outcome: state, message } = await runEnd(handle).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      return { outcome: 'failed', message: named(error) };
    });
    // What names several fields has a line for each.
    return { runKey, state, since, message: message.replaceAll(/\s+/g, ' ') };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { runKey, state: 'unknown', since: startedAt, message: 'neither store nor server know it any more' };
  }
}
