import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { PendingActivity, RunSituation } from '../contract/run-situation.js';
import type { ProviderNode } from '../contract/cluster.js';
import type { FailureKind, RunOutcome, WorkflowEnding } from '../contract/kinds.js';
import type { RunStatus } from '../contract/run.js';
import { Failure } from '../domain/failures.js';
import { CONTROL_QUEUE, nodeQueue } from '../domain/names.js';
import { runPage } from '../domain/run-page.js';
import { whyUnanswered } from '../platform/temporal/connection.js';
import { lastPoll } from '../platform/temporal/last-poll.js';
import { pendingActivities } from '../platform/temporal/pending-activities.js';
import { TemporalRunDirectory, WORKFLOW_ENDINGS } from '../platform/temporal/run-directory.js';
import { runEnd } from '../platform/temporal/run-end.js';
import type { CliContext } from './context.js';
import { askStatus } from './run-watch.js';

/** A server that is up answers in milliseconds; one that is not must not hold up what the store knows. */
const PATIENCE_MS = 15_000;

/** How an execution ended, in the words of its own result or failure. */
interface ExecutionEnd {
  ending: WorkflowEnding | null;
  outcome: RunOutcome;
  message: string;
  failure: FailureKind | null;
  at: string | null;
}

/** What a server says of a run. */
export interface ServerAnswer {
  address: string;
  id: string;
  page: string | null;
  /** null: it does not know the run. */
  execution: { startedAt: string; end: ExecutionEnd | null } | null;
  control: NonNullable<RunSituation['control']>;
  status: RunStatus | null;
  pending: PendingActivity[];
  /** When the worker of a node last asked for work, by queue. */
  polls: ReadonlyMap<string, string | null>;
}

/** Asks the server for all it knows; gives the reason instead when it cannot be asked. */
export async function askServer(
  context: CliContext,
  workflowId: string,
  nodes: readonly ProviderNode[],
): Promise<ServerAnswer | { address: string | null; problem: string }> {
  let address: string | null = null;
  try {
    ({ address } = await context.server());
    return await context.withClient((client, place) =>
      client.withDeadline(Date.now() + PATIENCE_MS, () => ask(client, { ...place, workflowId }, nodes)),
    );
  } catch (error) {
    const problem = whyUnanswered(error);
    if (problem === null) throw error;
    return { address, problem };
  }
}

async function ask(
  client: Client,
  place: { address: string; uiUrl: string | null; namespace: string; workflowId: string },
  nodes: readonly ProviderNode[],
): Promise<ServerAnswer> {
  const { address, workflowId } = place;
  const description = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
  const children = (description?.raw.pendingChildren ?? []).flatMap(({ workflowId: child }) => child ?? []);
  const [id, status, pending, lastPollAt, polls] = await Promise.all([
    new TemporalRunDirectory(client).serverId(),
    description === null ? { problem: 'the server does not know the run' } : statusOf(client, workflowId),
    pendingActivities(client, [workflowId, ...children]),
    lastPoll(client, CONTROL_QUEUE, 'workflow'),
    Promise.all(nodes.map(async ({ tags }) => pollOf(client, nodeQueue(tags.lease, tags.node, tags.generation)))),
  ]);
  const isOpen = description?.status.name === 'RUNNING' || description?.status.name === 'PAUSED';
  return {
    address,
    id,
    page: description === null ? null : runPage(place),
    execution:
      description === null
        ? null
        : {
            startedAt: description.startTime.toISOString(),
            end: isOpen ? null : await endOf(client, workflowId, description),
          },
    control: { taskQueue: CONTROL_QUEUE, lastPollAt, problem: 'problem' in status ? status.problem : null },
    status: 'problem' in status ? null : status,
    pending,
    polls: new Map(polls),
  };
}

/** That nobody answers is a finding and no error: a worker may be away. */
const statusOf = (client: Client, workflowId: string): Promise<RunStatus | { problem: string }> =>
  askStatus(client, workflowId).catch((error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }));

const pollOf = async (client: Client, queue: string): Promise<[string, string | null]> => [
  queue,
  await lastPoll(client, queue, 'activity'),
];

async function endOf(client: Client, workflowId: string, closed: WorkflowExecutionDescription): Promise<ExecutionEnd> {
  const at = closed.closeTime?.toISOString() ?? null;
  const ending = WORKFLOW_ENDINGS[closed.status.name] ?? null;
  try {
    const { outcome, message } = await runEnd(client.workflow.getHandle(workflowId));
    return { ending, outcome, message, failure: null, at };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A terminated run left no word: the next start under its key goes on.
    const outcome = error.kind === 'Interrupted' ? 'interrupted' : 'failed';
    return { ending, outcome, message: error.message, failure: error.kind, at };
  }
}
