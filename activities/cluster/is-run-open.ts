import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';

/** Does the run that a lease belongs to still go on? A server that cannot say counts as yes: doubt ends no training. */
export const isRunOpen =
  (ports: { runs: RunDirectory }) =>
  async ({ workflowId }: { workflowId: string }): Promise<boolean> =>
    (await ports.runs.stateOf(workflowId)) !== 'closed';
