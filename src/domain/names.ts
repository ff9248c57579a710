// Every name that two parts have to agree on. A mismatch makes no error, only a second queue that nobody polls.

export const CONTROL_QUEUE = 'formwork';

export const SEARCH_ATTRIBUTES = ['FormworkStage', 'FormworkTask', 'FormworkModel', 'FormworkRunKey'] as const;

/** The queue of one machine. The generation keeps a replacement from taking what was meant for the machine before it. */
export function nodeQueue(leaseId: string, node: number, generation: number): string {
  return `formwork-node-${slug(leaseId)}-${node}-g${generation}`;
}

export const runWorkflowId = (runKey: string): string => `run/${runKey}`;
export const leaseWorkflowId = (runKey: string, fence: number, lease: number): string => `run/${runKey}/lease/${fence}-${lease}`;
export const roundWorkflowId = (runKey: string, fence: number, round: string): string => `run/${runKey}/round/${fence}-${round}`;
export const evaluationWorkflowId = (runKey: string, fence: number, evaluation: string): string =>
  `run/${runKey}/evaluation/${fence}-${evaluation}`;

/** The run key of a request without one: the workflow id less its prefix. */
export function runKeyOf(workflowId: string): string {
  return workflowId.startsWith('run/') ? workflowId.slice('run/'.length) : workflowId;
}

function slug(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9]+/g, '-');
}
