import { setTimeout as delay } from 'node:timers/promises';
import type { ControlLink } from '../network/control-link.js';
import type { ServerTarget } from '../temporal/connection.js';
import type { NodeFolder } from './node-folder.js';

/** How late a cut, or its end, is: little of the seconds that it lasts. */
const LOOK_MS = 250;

/**
 * Only a server on this machine is reached by a link that can be cut: any other has a real one. Where keys or certificates are asked
 * for, the name that a server is called by is part of what they vouch for, so nothing may stand in between.
 */
export function isLinkable({ address, connectionOptions }: ServerTarget): boolean {
  const { tls, apiKey } = connectionOptions;
  return /^(127\.|localhost:)/.test(address) && (tls === undefined || tls === null || tls === false) && apiKey === undefined;
}

/** Cuts the link of a node while its folder says so, and mends it after that, until the signal. */
export async function keepLink(folder: NodeFolder, link: ControlLink, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      const until = await folder.linkCutUntil();
      if (until !== null && until.getTime() > Date.now()) link.cut();
      else link.mend();
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    // Whatever has become of the folder: nobody else would mend it.
    link.mend();
  }
}
