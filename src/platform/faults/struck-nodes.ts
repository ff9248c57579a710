import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeTags } from '../../contract/cluster.js';
import type { SupervisorState } from '../../contract/job.js';
import { Failure } from '../../domain/failures.js';
import { nodeQueue } from '../../domain/names.js';
import { localCompute } from '../compute/local-nodes.js';
import { NodeFolder } from '../compute/node-folder.js';
import { nullIfMissing } from '../files.js';
import type { Home } from '../home/home.js';
import { lockHolder } from '../lock.js';
import { isAlive, type ProcessIdentity } from '../process/process-identity.js';
import { JobFolder } from '../runner/job-folder.js';

/** A machine of the run, by the provider's list. */
export interface StruckNode {
  tags: NodeTags;
  folder: NodeFolder;
  queue: string;
}

/** The part of a gang in training that one node has, by what its supervisor has written down. */
export interface StruckGang {
  node: StruckNode;
  job: JobFolder;
  supervisor: SupervisorState;
}

/** Machines of the run that run now, in the order of their places; of a place whose machine was replaced the newest. */
export async function nodesOf(home: Home, runKey: string): Promise<StruckNode[]> {
  const listed = await localCompute(home, process.env).list({ installation: await home.installation() });
  const places = new Map<number, StruckNode>();
  for (const { nodeId, state, tags } of listed) {
    if (tags.runKey !== runKey || state !== 'running') continue;
    if (tags.generation <= (places.get(tags.node)?.tags.generation ?? 0)) continue;
    const folder = new NodeFolder(join(home.nodes(), nodeId));
    places.set(tags.node, { tags, folder, queue: nodeQueue(tags.lease, tags.node, tags.generation) });
  }
  return [...places.values()].sort((a, b) => a.tags.node - b.tags.node);
}

/** Who polls the queue of the node. */
export const workerOf = ({ folder }: StruckNode): Promise<ProcessIdentity | null> => lockHolder(folder.workerLock());

/** What of these nodes trains now. The steps of the smoke test are over before anybody has struck them. */
export async function gangsOf(nodes: readonly StruckNode[]): Promise<StruckGang[]> {
  const gangs = await Promise.all(nodes.map(gangOf));
  return gangs.filter((gang) => gang !== null);
}

async function gangOf(node: StruckNode): Promise<StruckGang | null> {
  const names = (await readdir(join(node.folder.work(), 'jobs')).catch(nullIfMissing)) ?? [];
  for (const name of names.filter((one) => /^round-(?!smoke-).+-t\d+$/.test(one))) {
    const job = new JobFolder(node.folder.work(), name);
    const supervisor = await job.state();
    const isTraining = supervisor?.exits === null && supervisor.ranks.length > 0 && (await isAlive(supervisor));
    if (isTraining) return { node, job, supervisor };
  }
  return null;
}

/** The newest step that any of these ranks has told of. */
export async function stepOf(gangs: readonly StruckGang[]): Promise<number> {
  const steps = gangs.flatMap(({ job, supervisor }) => supervisor.ranks.map(({ rank }) => job.newestStep(rank)));
  return Math.max(0, ...(await Promise.all(steps)));
}

/** @throws Failure InvalidRequest when the run has no machine. */
export async function nodesToStrike(home: Home, runKey: string): Promise<StruckNode[]> {
  const nodes = await nodesOf(home, runKey);
  if (nodes.length > 0) return nodes;
  throw new Failure('InvalidRequest', `run ${runKey} has no node now; formwork status ${runKey} says what it waits for`);
}

/** @throws Failure InvalidRequest when no rank of the run trains. */
export async function gangsToStrike(home: Home, runKey: string): Promise<StruckGang[]> {
  const gangs = await gangsOf(await nodesToStrike(home, runKey));
  if (gangs.length > 0) return gangs;
  throw new Failure('InvalidRequest', `no rank of run ${runKey} trains now; --after-step 1 waits until one does`);
}
