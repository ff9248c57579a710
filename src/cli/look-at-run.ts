import type { ProviderNode } from '../contract/cluster.js';
import type { NodeSituation, RunSituation, StoredRun } from '../contract/run-situation.js';
import { Failure } from '../domain/failures.js';
import { nodeQueue, runWorkflowId } from '../domain/names.js';
import { nodeContact } from '../domain/node-contact.js';
import { storedRun } from '../platform/control/stored-run.js';
import { liveProgress } from '../platform/temporal/live-progress.js';
import { askServer, type ServerAnswer } from './ask-server.js';
import type { CliContext } from './context.js';
import { listNodes } from './list-nodes.js';

/** Asks server, store and provider where a run is. @throws Failure InvalidRequest when none of them knows it. */
export async function lookAtRun(context: CliContext, runKey: string): Promise<RunSituation> {
  const stored = await storedRun(context.store, runKey);
  const { nodes, problem } = await listNodes(context, runKey);
  const answer = await askServer(context, stored.owner?.workflowId ?? runWorkflowId(runKey), nodes);
  const server = 'problem' in answer ? null : answer;
  if (stored.request === null && server?.execution == null) throw unknownRun(runKey, context.store.uri, answer);
  const lookedAt = new Date().toISOString();
  return {
    runKey,
    lookedAt,
    ...stateOf(server, stored),
    server: {
      address: answer.address,
      id: server?.id ?? null,
      problem: 'problem' in answer ? answer.problem : null,
      page: server?.page ?? null,
    },
    control: server?.control ?? null,
    status: server?.status ?? null,
    pending: server?.pending ?? [],
    progress: server === null ? null : liveProgress(server.pending),
    nodes: nodes.map((node) => withContact(node, server, lookedAt)),
    spend: await spendOf(context, runKey),
    providerProblem: problem,
    stored,
  };
}

/** A look at a run must not fail on one record; formwork ledger says which. */
async function spendOf(context: CliContext, runKey: string): Promise<RunSituation['spend']> {
  try {
    const { milliseconds, usd, hourlyUsd, goodput, nodes } = await context.ledger().read(runKey);
    return { milliseconds, usd, hourlyUsd, goodput, nodes };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'InvalidData') return null;
    throw error;
  }
}

/** Without a server nobody can say that there is none. */
function unknownRun(runKey: string, store: string, answer: Awaited<ReturnType<typeof askServer>>): Failure {
  const missing = `${store} has no run ${runKey}`;
  return 'problem' in answer
    ? new Failure('Unreachable', `${missing}, and no server could be asked: ${answer.problem}`)
    : new Failure('InvalidRequest', `${missing}, and the server at ${answer.address} knows none; formwork list shows the runs`);
}

type State = Pick<RunSituation, 'state' | 'since' | 'message' | 'failure' | 'ending'>;

/** The server's word counts, since it has the newest; without one the store's. */
export function stateOf(server: Pick<ServerAnswer, 'execution' | 'status'> | null, { owner, ended, request }: StoredRun): State {
  const execution = server?.execution ?? null;
  if (execution !== null) {
    const { end, startedAt } = execution;
    if (end !== null) return { state: end.outcome, since: end.at, message: end.message, failure: end.failure, ending: end.ending };
    const isParked = server?.status?.parked != null;
    if (!isParked && request === null) return { state: 'unclaimed', since: startedAt, message: '', failure: null, ending: null };
    return { state: isParked ? 'parked' : 'open', since: startedAt, message: '', failure: null, ending: null };
  }
  if (ended !== null) return { state: ended.outcome, since: ended.endedAt, message: ended.message, failure: null, ending: null };
  return { state: 'unknown', since: owner?.claimedAt ?? null, message: '', failure: null, ending: null };
}

function withContact(node: ProviderNode, server: ServerAnswer | null, now: string): NodeSituation {
  if (server === null || node.state !== 'running') return { ...node, contact: 'unknown', lastContactAt: null };
  const { lease, node: place, generation } = node.tags;
  const queue = nodeQueue(lease, place, generation);
  const pending = server.pending.filter(({ taskQueue }) => taskQueue === queue);
  return { ...node, ...nodeContact({ pending, lastPollAt: server.polls.get(queue) ?? null, launchedAt: node.launchedAt, now }) };
}
