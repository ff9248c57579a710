import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure, ChildWorkflowFailure, TerminatedFailure } from '@temporalio/common';
import type { RunResult } from '../contract/run.js';
import { RunStatus } from '../contract/run.js';
import { FAILURE_KINDS, type FailureKind } from '../contract/kinds.js';
import { Failure } from '../domain/failures.js';
import { runKeyOf, runWorkflowId } from '../domain/names.js';
import { liveProgress, type LiveProgress } from '../platform/temporal/live-progress.js';

/** A person sees a change within a second. */
const LOOK_MS = 700;
/** A query needs a worker; while it restarts, what was known stays on the screen. */
const QUERY_PATIENCE_MS = 3_000;

export interface RunView {
  status: RunStatus;
  progress: LiveProgress | null;
}

/** The workflow of a run. @throws Failure InvalidRequest when the server has none under this key. */
export async function findRun(client: Client, runKey: string): Promise<WorkflowHandle> {
  const handle = client.workflow.getHandle(runWorkflowId(runKey));
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
  try {
    return (await handle.result()) as RunResult;
  } catch (error) {
    if (error instanceof WorkflowFailedError && rootOf(error.cause) instanceof CancelledFailure) return cancelledRun(workflowId);
    throw asFailure(error);
  }
}

const cancelledRun = (workflowId: string): RunResult => ({
  runKey: runKeyOf(workflowId),
  outcome: 'cancelled',
  message: 'the run was cancelled',
  chosenEpoch: null,
  test: null,
  weightsSha256: null,
  reportKey: null,
});

async function look(client: Client, workflowId: string): Promise<RunView | null> {
  try {
    const status = await client.withDeadline(Date.now() + QUERY_PATIENCE_MS, async () =>
      RunStatus.parse(await client.workflow.getHandle(workflowId).query('status')),
    );
    return { status, progress: await liveProgress(client, [workflowId, ...status.children]) };
  } catch {
    // The worker, or the server, is on its way back; the next look tells more.
    return null;
  }
}

/** The reason of a run's failure, under the wrappings of activities and children. */
function rootOf(cause: Error | undefined): Error | undefined {
  const wraps = cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure;
  return wraps && cause.cause !== undefined ? rootOf(cause.cause) : cause;
}

function asFailure(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const cause = rootOf(error.cause);
  if (cause instanceof TerminatedFailure) return new Failure('Interrupted', 'the run was terminated; its lease ends the machines');
  if (cause instanceof ApplicationFailure && FAILURE_KINDS.includes(cause.type as FailureKind)) {
    return new Failure(cause.type as FailureKind, cause.message, {}, { cause: error });
  }
  return new Failure('Defect', cause?.message ?? error.message, {}, { cause: error });
}
