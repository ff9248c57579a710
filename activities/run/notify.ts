import type { NoticeOutcome } from '../../src/contract/kinds.js';
import { runPage } from '../../src/domain/run-page.js';
import type { Notifier } from '../../src/platform/notification/port.js';

export interface NoticeInput {
  runKey: string;
  workflowId: string;
  outcome: NoticeOutcome;
  message: string;
  /** ISO time at which it happened. */
  at: string;
}

/** Tells whoever is to be told that a run has parked or ended. Called twice, it tells twice: receivers know a notice by run key and time. */
export const notify =
  (ports: { notifier: Notifier | null; uiUrl: string | null; server: { namespace: string } }) =>
  async ({ workflowId, ...notice }: NoticeInput): Promise<'told' | 'nobody is to be told'> => {
    if (ports.notifier === null) return 'nobody is to be told';
    const link = runPage({ uiUrl: ports.uiUrl, namespace: ports.server.namespace, workflowId });
    await ports.notifier.notify({ ...notice, link });
    return 'told';
  };
