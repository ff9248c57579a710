import { Failure } from '../../domain/failures.js';
import { killProcesses, NODE_FOLDER_VARIABLE } from '../compute/node-processes.js';
import { sendSignal, type ProcessIdentity } from '../process/process-identity.js';
import { findByEnvironment } from '../process/process-scan.js';
import { struckNow, type FaultGround, type Strike } from './fault-ground.js';
import { gangsToStrike, nodesToStrike } from './struck-nodes.js';

/** From the kernel's side: the process has no say in these two. @throws Failure InvalidRequest when it has ended in the meantime. */
export async function strikeProcess(process: ProcessIdentity, name: 'SIGKILL' | 'SIGSTOP', whom: string): Promise<Strike> {
  if (await sendSignal(process, name)) return struckNow(`${name} to ${whom}, process ${process.pid}`);
  throw new Failure('InvalidRequest', `${whom} (process ${process.pid}) has ended by itself a moment ago; nothing was done`);
}

async function strikeRank({ home, runKey, random }: FaultGround, name: 'SIGKILL' | 'SIGSTOP'): Promise<Strike> {
  const ranks = (await gangsToStrike(home, runKey)).flatMap(({ node, supervisor }) =>
    supervisor.ranks.map((rank) => ({ ...rank, node: node.tags.node })),
  );
  const rank = random.pick(ranks);
  return strikeProcess(rank, name, `rank ${rank.rank} of node ${rank.node}`);
}

export const killRank = (ground: FaultGround): Promise<Strike> => strikeRank(ground, 'SIGKILL');

/** Undone by the product itself: the supervisor of the ranks ends a gang that makes no step within its limit. */
export const stopRank = (ground: FaultGround): Promise<Strike> => strikeRank(ground, 'SIGSTOP');

export async function killSupervisor({ home, runKey, random }: FaultGround): Promise<Strike> {
  const { node, supervisor } = random.pick(await gangsToStrike(home, runKey));
  return strikeProcess(supervisor, 'SIGKILL', `the rank supervisor of node ${node.tags.node}`);
}

/** As when the power goes. */
export async function killNode({ home, runKey, random }: FaultGround): Promise<Strike> {
  const { tags, folder } = random.pick(await nodesToStrike(home, runKey));
  const found = await findByEnvironment(NODE_FOLDER_VARIABLE, folder.root);
  const strike = struckNow(`SIGKILL to all processes of node ${tags.node} (${found.map(({ pid }) => pid).join(', ')})`);
  if (await killProcesses(folder.root, null)) return strike;
  throw new Failure('Unreachable', `some processes of node ${tags.node} do not end: ${folder.root} names them`);
}
