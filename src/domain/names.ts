// Every name that two parts have to agree on. A mismatch makes no error, only a second queue that nobody polls.

export const CONTROL_QUEUE = 'formwork';

/** Workflow type of a run. */
export const RUN_WORKFLOW = 'fineTuningRun';

export const SEARCH_ATTRIBUTES = ['FormworkStage', 'FormworkTask', 'FormworkModel', 'FormworkRunKey'] as const;

/** One machine of one lease, as a name for folders and queues. The generation tells a replacement from the machine before it. */
export function nodeName(leaseId: string, node: number, generation: number): string {
  // A run key holds no "=", so no two leases get one name.
  return `${leaseId.replaceAll('/', '-').replaceAll(':', '=')}-${node}-g${generation}`;
}

export const nodeQueue = (leaseId: string, node: number, generation: number): string =>
  `formwork-node-${nodeName(leaseId, node, generation)}`;

export const runWorkflowId = (runKey: string): string => `run/${runKey}`;
export const leaseWorkflowId = (runKey: string, fence: number, lease: number): string => `run/${runKey}/lease/${fence}-${lease}`;
export const roundWorkflowId = (runKey: string, fence: number, round: string): string => `run/${runKey}/round/${fence}-${round}`;
export const evaluationWorkflowId = (runKey: string, fence: number, evaluation: string): string =>
  `run/${runKey}/evaluation/${fence}-${evaluation}`;
/** Which owner of its run a lease, a round or an evaluation was started by; null: it is none of these. */
export function fenceOf(workflowId: string): number | null {
  const fence = /\/(?:lease|round|evaluation)\/(\d+)-[^/]*$/.exec(workflowId)?.[1];
  return fence === undefined ? null : Number(fence);
}
/** One for each thing that a run has to tell, by when it happened. */
export const noticeWorkflowId = (workflowId: string, at: string): string => `${workflowId}/notice/${at}`;

/** The round that trains; the one of the smoke test is discarded after it. */
export const TRAINING_ROUND = '0';

/** Whose budgets a gang of a round counts against, in every execution of the run. */
export const roundScope = (round: string): string => `round-${round}`;

/** The run key of a request without one: the workflow id less its prefix. */
export function runKeyOf(workflowId: string): string {
  return workflowId.startsWith('run/') ? workflowId.slice('run/'.length) : workflowId;
}

/** What the server appends to the workflow id of a schedule's action: the time it was meant for, without its jitter. */
const SCHEDULED_TIME = /-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Has each start of its schedule a workflow id of its own? */
export const hasScheduledTime = (workflowId: string): boolean => SCHEDULED_TIME.test(workflowId);

/** Name of the update that lets a parked run go on. */
export const RETRY_UPDATE = 'retryNow';

/** Name of the update that changes what a run may cost. */
export const RAISE_UPDATE = 'raiseBudget';

/** Of the schedule that ends machines which nobody owns, and of its workflows, which have their time appended. */
export const SWEEP_ID = 'cluster-sweep';

/** Of the schedule that starts failed runs again, and of its workflows. */
export const RECOVERY_ID = 'run-recovery';

/** Memo of an execution that a recovery has started: its number. */
export const RECOVERY_MEMO = 'recovery';

/** Name of the update that ends a run after a checkpoint; known to the control host, which may not import workflows. */
export const STOP_UPDATE = 'stopAfterCheckpoint';
