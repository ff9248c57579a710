/** Where the Web UI shows a workflow; null when no Web UI is known. */
export function runPage({
  uiUrl,
  namespace,
  workflowId,
}: {
  uiUrl: string | null;
  namespace: string;
  workflowId: string;
}): string | null {
  return uiUrl === null ? null : `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
}
