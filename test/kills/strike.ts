import { setTimeout as delay } from 'node:timers/promises';
import { killIfThere } from '../../src/platform/process/process-identity.js';
import { killProcesses, NODE_FOLDER_VARIABLE } from '../../src/platform/compute/node-processes.js';
import { isEntry, isRank, isServer, type FoundProcess } from '../e2e/sandbox.js';
import type { Blow, Victim } from './blow.js';
import type { Lane } from './lane.js';

export interface Struck {
  signal: 'SIGKILL' | 'SIGSTOP';
  /** For a person, e.g. "SIGKILL to rank of node 1". */
  what: string;
  /** Resolves when a pause is over. */
  over: Promise<void>;
}

interface Target {
  name: string;
  find: () => FoundProcess[];
}

/** Carries out a blow; null: nothing that it could hit runs at this moment. */
export async function strike(lane: Lane, { victim, lot, pauseMs }: Blow): Promise<Struck | null> {
  // Ranks and their supervisors run for a part of a round; before and after it the nodes' workers carry it on.
  const meant = targetsOf(lane, victim);
  const targets = meant.length > 0 ? meant : targetsOf(lane, 'node worker');
  const target = targets[lot % targets.length];
  if (target === undefined) return null;
  if (pauseMs === null) {
    const killed = victim === 'node' ? await killMachine(target.find()) : signal(target.find(), 'SIGKILL');
    return killed === 0 ? null : { signal: 'SIGKILL', what: `SIGKILL to ${target.name}`, over: Promise.resolve() };
  }
  const paused = target.find();
  if (signal(paused, 'SIGSTOP') === 0) return null;
  const over = delay(pauseMs).then(() => void signal(paused, 'SIGCONT'));
  return { signal: 'SIGSTOP', what: `SIGSTOP to ${target.name} for ${(pauseMs / 1000).toFixed(1)} s`, over };
}

/** As when the power goes. @returns how many processes it had. */
async function killMachine(found: readonly FoundProcess[]): Promise<number> {
  const folder = found[0]?.environment[NODE_FOLDER_VARIABLE];
  if (folder !== undefined && !(await killProcesses(folder, null))) throw new Error(`processes of ${folder} do not end`);
  return found.length;
}

/** How many of them were still there. */
const signal = (found: readonly FoundProcess[], name: NodeJS.Signals): number =>
  found.filter(({ pid }) => killIfThere(pid, name)).length;

/** Processes of this kind that run now, in the order of nodes and ranks. */
function targetsOf(lane: Lane, victim: Victim): Target[] {
  const { box, ground } = lane.field;
  const nodes = Array.from({ length: ground.plan.cluster.nodes }, (_, node) => node);
  const each = (isIt: (found: FoundProcess) => boolean): Target[] =>
    nodes.flatMap((node) =>
      lane
        .processes(node)
        .filter(isIt)
        .map((one) => ({ name: `${victim} of node ${node}`, find: () => [one] })),
    );
  const ofControl = (isIt: (found: FoundProcess) => boolean): Target[] => [
    { name: victim, find: () => box.processes().filter(isIt) },
  ];
  switch (victim) {
    case 'rank':
      return each(isRank(null, null));
    case 'rank supervisor':
      return each(isEntry('rank-supervisor'));
    case 'node worker':
      return each(isEntry('node'));
    case 'node host':
      return each(isEntry('node-host'));
    case 'node':
      return nodes.map((node) => ({ name: `all of node ${node}`, find: () => lane.processes(node) }));
    case 'control worker':
      return ofControl(isEntry('control'));
    case 'server':
      return ofControl(isServer);
  }
}
