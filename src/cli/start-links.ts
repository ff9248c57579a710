import { CONTROL_QUEUE } from '../domain/names.js';

/** Links that open the Web UI's start form with queue and type filled in; without a workflow id it copies the newest run's input. */
export function startLinks(uiUrl: string | null, namespace: string): string[] {
  if (uiUrl === null) return ['no Web UI is known for this server; set TEMPORAL_UI_URL to have links'];
  const query = new URLSearchParams({ taskQueue: CONTROL_QUEUE, workflowType: 'fineTuningRun' }).toString();
  const base = `${uiUrl}/namespaces/${namespace}`;
  return [
    `start a run   ${base}/workflows/start-workflow?${query}`,
    `all runs      ${base}/workflows?query=${encodeURIComponent('WorkflowType="fineTuningRun"')}`,
  ];
}
