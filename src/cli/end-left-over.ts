import { recordedNodes } from '../platform/ledger/recorded-nodes.js';
import { runningServers, stopEmbeddedServer } from '../platform/temporal/embedded-server.js';
import type { CliContext } from './context.js';
import { EXIT } from './exit-codes.js';

/**
 * Where no control host is up: says what one has left, if it was killed. Ranks that train on are ended only by who asks for just that,
 * since a control host that comes back goes on with them. @returns the exit code.
 */
export async function endLeftOver({ home }: CliContext, now: boolean, say: (line: string) => void): Promise<number> {
  const warn = (message: string, error: unknown): void => say(`${message}: ${String(error)}`);
  const compute = recordedNodes(home, { env: process.env, warn });
  const servers = await runningServers(home.server());
  const listed = await compute.list({ installation: await home.installation() });
  // One that has ended is listed until its work folder is removed: that is tidied up, and no news.
  const nodes = listed.filter(({ state }) => state !== 'terminated');
  if (nodes.length === 0) await compute.terminate(listed.map(({ nodeId }) => nodeId));
  if (servers.length === 0 && nodes.length === 0) {
    say('nothing of ours is up');
    return EXIT.ok;
  }
  const what = [
    ...servers.map(({ pid }) => `a server (pid ${pid})`),
    ...(nodes.length === 0 ? [] : [`nodes (${nodes.map(({ nodeId }) => nodeId).join(', ')})`]),
  ].join(' and ');
  if (!now) {
    say(`the control host is gone and left ${what}; formwork up goes on with them, formwork down --now ends them`);
    return EXIT.failed;
  }
  await compute.terminate(listed.map(({ nodeId }) => nodeId));
  await Promise.all(servers.map(stopEmbeddedServer));
  say(`stopped; the control host was gone and had left ${what}`);
  return EXIT.ok;
}
