import { CONTROL_QUEUE, RUN_WORKFLOW, runWorkflowId } from '../domain/names.js';
import { newRunKey } from './new-run-key.js';

export interface WebUiLinks {
  /** The start form with the input of the newest run of the type, which it copies where no workflow id is filled in. */
  edit: string;
  /** The start form with a new workflow id. It looks for that id, finds none, and leaves the input empty. */
  practice: string;
  runs: string;
  /** The form that makes a schedule; it takes no fields from its link. */
  schedule: string;
}

export function webUiLinks(uiUrl: string, namespace: string, now: Date): WebUiLinks {
  const pages = `${uiUrl}/namespaces/${namespace}`;
  const workflows = `${pages}/workflows`;
  const form = (fields: Record<string, string>): string =>
    `${workflows}/start-workflow?${new URLSearchParams({ taskQueue: CONTROL_QUEUE, workflowType: RUN_WORKFLOW, ...fields }).toString()}`;
  return {
    edit: form({}),
    practice: form({ workflowId: runWorkflowId(newRunKey('practice', now)) }),
    runs: `${workflows}?query=${encodeURIComponent(`WorkflowType="${RUN_WORKFLOW}"`)}`,
    schedule: `${pages}/schedules/create`,
  };
}

/** The same as lines for a person. */
export function startLinks(uiUrl: string | null, namespace: string): string[] {
  if (uiUrl === null) return ['no Web UI is known for this server; set TEMPORAL_UI_URL to have links'];
  const { edit, practice, runs, schedule } = webUiLinks(uiUrl, namespace, new Date());
  return [
    `start a run              ${edit}`,
    `start the practice run   ${practice}`,
    `all runs                 ${runs}`,
    `make a schedule          ${schedule}`,
  ];
}
