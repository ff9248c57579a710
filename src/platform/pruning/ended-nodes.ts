import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreInventory } from '../../domain/pruning.js';
import { NodeFolder } from '../compute/node-folder.js';
import type { Compute } from '../compute/port.js';
import { bytesBelow, nullIfMissing } from '../files.js';
import type { Home } from '../home/home.js';

/** Folders of local nodes that have ended: records, and logs of their hosts and workers. */
export async function endedNodes(home: Home, compute: Compute): Promise<StoreInventory['nodes']> {
  const names = (await readdir(home.nodes()).catch(nullIfMissing)) ?? [];
  const ended = (await compute.describe(names)).filter(({ state }) => state === 'terminated');
  return Promise.all(
    ended.map(async ({ nodeId, tags, deadline }) => {
      const folder = join(home.nodes(), nodeId);
      const endedAt = (await new NodeFolder(folder).terminated())?.at ?? deadline;
      return { key: nodeId, runKey: tags.runKey, endedAt, bytes: await bytesBelow(folder) };
    }),
  );
}

/** One that has come back since it was listed, which only a launch does, stays. */
export async function removeEndedNode(home: Home, compute: Compute, nodeId: string): Promise<void> {
  const [node] = await compute.describe([nodeId]);
  if (node?.state === 'terminated') await rm(join(home.nodes(), nodeId), { recursive: true, force: true });
}
