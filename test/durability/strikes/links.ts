import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../src/domain/random.js';
import type { Strike } from '../../../src/platform/faults/fault-ground.js';
import { HostNetwork } from '../../network/host-network.js';
import { HOSTS, type Scene } from '../scene.js';

const LOOK_MS = 100;
/** A hang that nobody has noticed so long after its limit is not waited for: the row has failed, and the run may go on. */
const PATIENCE_MS = 60_000;

/** In one line why there can be no links to cut; null: there can. */
export function missingHosts(): string | null {
  const refusal = HostNetwork.refusal();
  return refusal === null ? null : `needs hosts in network namespaces, and they cannot be made here: ${refusal}`;
}

/** Control plane and nodes live on hosts of their own, with a link for control and one for the ranks. */
export function giveHosts(scene: Scene): void {
  const network = HostNetwork.make(HOSTS);
  scene.onEnd(() => network.remove());
  scene.network = network;
}

export const cutControlLink =
  (minutes: number) =>
  async (scene: Scene, random: Random): Promise<Strike> => {
    const { host, network } = pickHost(scene, random);
    network.cut('control', [host]);
    const at = Date.now();
    await delay(minutes * 60_000);
    network.mend('control', [host]);
    const queues = [scene.queues.node(HOSTS.indexOf(host))];
    return { what: `control link of ${host} cut for ${minutes} min`, at, overAt: Date.now(), queues };
  };

/** A link that stayed cut would hang the next gang as well: it is mended once the run's record says that something is wrong. */
export async function cutRankLink(scene: Scene, random: Random): Promise<Strike> {
  const { host, network } = pickHost(scene, random);
  network.cut('ranks', [host]);
  const at = Date.now();
  const end = at + (await scene.plan()).limits.stepSeconds * 1000 + PATIENCE_MS;
  const { chronicle } = scene;
  while (chronicle.outcome === null && !chronicle.failures.some((told) => told.at >= at) && Date.now() < end) await delay(LOOK_MS);
  network.mend('ranks', [host]);
  return { what: `rank link of ${host} cut until that was noticed`, at, overAt: Date.now() };
}

function pickHost({ network }: Scene, random: Random): { host: string; network: HostNetwork } {
  if (network === null) throw new Error('nodes without hosts of their own have no links');
  return { host: random.pick(HOSTS), network };
}
