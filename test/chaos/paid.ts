import { readIncidents } from '../../activities/run/incidents.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { machinesGone } from '../durability/left-over.js';
import type { Scene } from '../durability/scene.js';
import { settle } from '../e2e/provider-bill.js';
import { AMPLE_USD, HOURLY_USD, LEASE_MINUTES } from './request.js';
import { GONE_MS } from './run-watch.js';

/** What a cap may be passed by: two nodes until the next renewal of their lease, which is after a third of it. */
const RENEWAL_USD = (2 * HOURLY_USD * LEASE_MINUTES) / 60 / 3;

/** Of a run that is parked at its cap: what is not as it has to be. */
export async function problemsAtCap(scene: Scene): Promise<string[]> {
  if ((await machinesGone(scene, Date.now() + GONE_MS)) === null) return ['its machines are there while it is parked at its cap'];
  const { ledger, problems } = await settle(scene.box, scene.runKey);
  const status = scene.formwork(['status', scene.runKey]);
  const code = await status.ended;
  const over = (ledger?.usd ?? Infinity) - (await capOf(scene));
  return [
    ...problems,
    ...(code === EXIT.parked &&
    /BudgetExceeded: .* USD are spent/.test(status.stdout) &&
    status.stdout.includes(`npx formwork raise ${scene.runKey}`)
      ? []
      : [`formwork status, exit code ${code}, does not say what it waits for:\n${status.stdout}`]),
    ...(over < 0 ? [`it parked ${(-over).toFixed(2)} USD below its cap`] : []),
    ...(over > RENEWAL_USD ? [`it spent ${over.toFixed(2)} USD more than its cap; ${RENEWAL_USD} are allowed`] : []),
  ];
}

/** As a person does it. */
export async function raiseAmply(scene: Scene): Promise<string[]> {
  const asked = scene.formwork(['raise', scene.runKey, '--max-spend-usd', String(AMPLE_USD)]);
  return (await asked.ended) === 0 ? [] : [`formwork raise: ${asked.stdout}${asked.stderr}`];
}

async function capOf({ home, runKey }: Scene): Promise<number> {
  const incidents = await readIncidents(new FileStore(home.store()), runKey);
  const raised = incidents.findLast(({ event }) => event === 'raised');
  if (raised?.event !== 'raised' || raised.caps.maxSpendUsd === null) throw new Error(`run ${runKey} has no cap by its records`);
  return raised.caps.maxSpendUsd;
}
