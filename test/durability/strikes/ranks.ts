import type { Random } from '../../../src/domain/random.js';
import { isEntry, isRank, type FoundProcess } from '../../e2e/sandbox.js';
import { killIfThere } from '../../../src/platform/process/process-identity.js';
import type { Strike } from '../fault.js';
import type { Scene } from '../scene.js';

/** A signal from the kernel's side: the process has no say in these two. */
export function signal(found: FoundProcess, name: 'SIGKILL' | 'SIGSTOP'): Strike {
  process.kill(found.pid, name);
  const at = Date.now();
  return { what: `${name} to process ${found.pid}`, at, overAt: at };
}

const NODES = [0, 1] as const;

async function strikeRank(scene: Scene, random: Random, name: 'SIGKILL' | 'SIGSTOP'): Promise<Strike> {
  const rank = random.pick(NODES);
  return { ...signal(await scene.box.find(`rank ${rank}`, isRank(null, rank)), name), what: `${name} to rank ${rank}` };
}

export const killRank = (scene: Scene, random: Random): Promise<Strike> => strikeRank(scene, random, 'SIGKILL');
export const stopRank = (scene: Scene, random: Random): Promise<Strike> => strikeRank(scene, random, 'SIGSTOP');

export async function killSupervisor(scene: Scene, random: Random): Promise<Strike> {
  const node = random.pick(NODES);
  const [supervisor] = scene.nodeProcesses(node).filter(isEntry('rank-supervisor'));
  if (supervisor === undefined) throw new Error(`node ${node} has no rank supervisor`);
  return { ...signal(supervisor, 'SIGKILL'), what: `SIGKILL to the rank supervisor of node ${node}` };
}

export async function killNode(scene: Scene, random: Random): Promise<Strike> {
  const node = random.pick(NODES);
  const at = Date.now();
  const killed = killMachine(() => scene.nodeProcesses(node));
  return { what: `SIGKILL to all processes of node ${node} (${killed})`, at, overAt: at };
}

/** As when the power goes: all processes of the machine, again until none is left that another one has just started. */
export function killMachine(find: () => FoundProcess[]): number {
  let killed = 0;
  for (let found = find(); found.length > 0; found = find()) {
    // The host first, so that it starts nothing again.
    for (const one of found.sort((a, b) => Number(isEntry('node-host')(b)) - Number(isEntry('node-host')(a)))) {
      killed += killIfThere(one.pid, 'SIGKILL') ? 1 : 0;
    }
  }
  return killed;
}
