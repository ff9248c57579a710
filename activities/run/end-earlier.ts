import { fenceOf, runWorkflowId } from '../../src/domain/names.js';
import type { RunDirectory } from '../../src/platform/temporal/run-directory.js';

/**
 * Cancels what owners of a run before this one have left open. A run that is reset leaves its lease, its machines and their ranks
 * behind, and no parent that they could close with. @returns the ids of what was cancelled.
 */
export async function endEarlier(runs: RunDirectory, runKey: string, fence: number): Promise<string[]> {
  const open = await runs.openBelow(`${runWorkflowId(runKey)}/`);
  const earlier = open.filter((id) => (fenceOf(id) ?? fence) < fence);
  await Promise.all(earlier.map((id) => runs.cancel(id)));
  return earlier;
}
