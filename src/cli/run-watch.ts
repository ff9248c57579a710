import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { RunResult } from '../contract/run.js';
import { RunStatus } from '../contract/run.js';
import { Failure } from '../domain/failures.js';
import { runWorkflowId } from '../domain/names.js';
import { knownRun } from '../platform/control/open-runs.js';
import type { ObjectStore } from '../platform/object-store/port.js';
import { liveProgress, type LiveProgress } from '../platform/temporal/live-progress.js';
import { pendingActivities } from '../platform/temporal/pending-activities.js';
import { runEnd } from '../platform/temporal/run-end.js';

/** A person sees a change soon enough, and the server and the worker that answer take few of the cores that train. */
const LOOK_MS = 2_000;
/** A query needs a worker; while it restarts, what was known stays on the screen. */
const QUERY_PATIENCE_MS = 3_000;

export interface RunView {
  status: RunStatus;
  progress: LiveProgress | null;
}

/** The workflow of a run, which may have an id of its own. @throws Failure InvalidRequest when the server has none under this key. */
export async function findRun(client: Client, store: ObjectStore, runKey: string): Promise<WorkflowHandle> {
  const { owner } = await knownRun(store, runKey);
  const handle = client.workflow.getHandle(owner?.workflowId ?? runWorkflowId(runKey));
  await handle.describe().catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new Failure('InvalidRequest', `this server knows no run ${runKey}; formwork list shows the runs of this home`);
  });
  return handle;
}

/** Shows a run until it closes. @throws Failure with the kind the run failed of. */
export async function watchRun(
  client: Client,
  workflowId: string,
  show: (view: RunView) => void,
  signal: AbortSignal,
): Promise<RunResult | null> {
  const handle = client.workflow.getHandle(workflowId);
  for (;;) {
    const { status } = await handle.describe();
    const view = await look(client, workflowId);
    if (view !== null) show(view);
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') break;
    if (signal.aborted) return null;
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return runEnd(handle);
}

/** The run's own word. @throws when no worker answers in time. */
export const askStatus = (client: Client, workflowId: string): Promise<RunStatus> =>
  client.withDeadline(Date.now() + QUERY_PATIENCE_MS, async () =>
    RunStatus.parse(await client.workflow.getHandle(workflowId).query('status')),
  );

async function look(client: Client, workflowId: string): Promise<RunView | null> {
  try {
    const status = await askStatus(client, workflowId);
    return { status, progress: liveProgress(await pendingActivities(client, [workflowId, ...status.children])) };
  } catch {
    // The worker, or the server, is on its way back; the next look tells more.
    return null;
  }
}
