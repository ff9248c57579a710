import type { ProviderNode } from '../contract/cluster.js';
import { Failure } from '../domain/failures.js';
import { localCompute } from '../platform/compute/local-nodes.js';
import type { CliContext } from './context.js';

/** Machines of a run, as their provider lists them now; a provider that cannot be asked is a finding. */
export async function listNodes(context: CliContext, runKey: string): Promise<{ nodes: ProviderNode[]; problem: string | null }> {
  try {
    const all = await localCompute(context.home, process.env).list({ installation: await context.home.installation() });
    return { nodes: all.filter(({ tags }) => tags.runKey === runKey), problem: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { nodes: [], problem: error.message };
  }
}
