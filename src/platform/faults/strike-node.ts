import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failures.js';
import type { FaultGround, Strike } from './fault-ground.js';
import { strikeProcess } from './strike-ranks.js';
import { nodesToStrike, workerOf } from './struck-nodes.js';

export async function killNodeWorker({ home, runKey, random }: FaultGround): Promise<Strike> {
  const node = random.pick(await nodesToStrike(home, runKey));
  const place = node.tags.node;
  const worker = await workerOf(node);
  if (worker === null) throw new Failure('InvalidRequest', `node ${place} has no worker at this moment; its host starts one`);
  return { ...(await strikeProcess(worker, 'SIGKILL', `the worker of node ${place}`)), queues: [node.queue] };
}

/** The worker of the node holds the link, and reads until when it is cut: nobody has to be there to mend it. */
export async function cutControlLink({ home, runKey, random, seconds, signal, say }: FaultGround): Promise<Strike> {
  const { tags, folder, queue } = random.pick(await nodesToStrike(home, runKey));
  if ((await folder.link()) === null) {
    throw new Failure(
      'InvalidRequest',
      `node ${tags.node} reaches a server that is not of this machine alone, by a link of its own; cut that one`,
    );
  }
  const at = Date.now();
  const until = new Date(at + seconds * 1000);
  await folder.cutLinkUntil(until);
  const what = `control link of node ${tags.node} cut`;
  say(`${what}; its worker mends it at ${until.toISOString()}, whatever becomes of this command`);
  await delay(until.getTime() - at, undefined, { signal }).catch(() => folder.cutLinkUntil(new Date()));
  const overAt = Date.now();
  return { what: `${what} for ${Math.round((overAt - at) / 1000)} s`, at, overAt, queues: [queue] };
}
