import type { ProviderNode } from '../contract/cluster.js';
import type { TakeOver } from '../contract/run.js';
import { Failure } from '../domain/failures.js';
import { runKeys } from '../domain/store-keys.js';
import type { CliContext } from './context.js';
import { listNodes } from './list-nodes.js';

/** Machines of a run that still cost something. @throws Failure Unreachable when their provider cannot be asked. */
export async function leasedNodes(context: CliContext, runKey: string): Promise<ProviderNode[]> {
  const { nodes, problem } = await listNodes(context, runKey);
  if (problem !== null) throw new Failure('Unreachable', `machines of run ${runKey} cannot be listed: ${problem}`);
  return nodes.filter(({ state }) => state !== 'terminated');
}

/** @throws Failure RunKeyInUse while the provider lists machines of the run: whoever leased them may be at work, and renewing them. */
export async function refuseWhileLeased(context: CliContext, runKey: string): Promise<void> {
  const leased = await leasedNodes(context, runKey);
  if (leased.length > 0) {
    const until = leased
      .map(({ deadline }) => deadline)
      .sort()
      .at(-1);
    const names = leased.map(({ nodeId }) => nodeId).join(', ');
    throw new Failure(
      'RunKeyInUse',
      `run ${runKey} still has machines (${names}): its owner may be at work. They end themselves at ${until} unless it renews them; take over after that, or end them first with formwork down --now`,
    );
  }
}

/** Writes down that an owner is over which no server can be asked for. */
export async function takeOverRun(context: CliContext, runKey: string, fence: number): Promise<void> {
  const record: TakeOver = { fence, at: new Date().toISOString() };
  await context.store.putIfAbsent(runKeys.takeOver(runKey, fence), `${JSON.stringify(record, null, 2)}\n`);
}
