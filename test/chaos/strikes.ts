import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { Failure } from '../../src/domain/failures.js';
import { RAISE_UPDATE } from '../../src/domain/names.js';
import type { Random } from '../../src/domain/random.js';
import { localCompute } from '../../src/platform/compute/local-nodes.js';
import { struckNow, type Strike } from '../../src/platform/faults/fault-ground.js';
import { STRIKES } from '../../src/platform/faults/strikes.js';
import { StoredLedger } from '../../src/platform/ledger/stored-ledger.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import type { Scene } from '../durability/scene.js';
import { killControlPlane } from '../durability/strikes/control.js';
import { cancelRun } from '../durability/strikes/runs.js';
import { failingStoreDisk, failStore, fillDisk, smallNodeDisk } from '../durability/strikes/storage.js';
import { canMountDisks, canMountLoops } from '../durability/mounts.js';
import { isRank } from '../e2e/sandbox.js';
import type { ChaosFault } from './cells.js';
import { HOURLY_USD } from './request.js';

/** Of outages that somebody ends: longer than any poll of a worker, shorter than what a node is given up after. */
const OUTAGE_SECONDS = 20;
/** Somebody has to notice that nothing answers, and to type a command. */
const UNTIL_UP_MS = 10_000;
/** Of both nodes. */
const USD_PER_SECOND = (2 * HOURLY_USD) / 3600;
/** Between what is spent and the cap, at first: a server with nothing else to do needs as long to take it. */
const LEAST_MARGIN_SECONDS = 0.05;
/**
 * A cap below what is spent by the time that it is taken is refused; then more is left. By so little that less time is left once it is
 * taken than passes until the run looks.
 */
const MARGIN_GROWTH = 1.1;

export interface ChaosStrike {
  /** @throws Failure InvalidRequest when there is nothing to hit at this moment. */
  strike: (scene: Scene, random: Random) => Promise<Strike>;
  /** What it needs that is not here, in one line; null: it can run. */
  missing?: () => string | null;
  /** Before the run is started. */
  prepare?: (scene: Scene) => void;
}

const offered = (name: keyof typeof STRIKES): ChaosStrike => ({
  strike: (scene, random) => STRIKES[name](scene.ground(random, OUTAGE_SECONDS)),
});

export const CHAOS_STRIKES: Record<ChaosFault, ChaosStrike> = {
  'kill-process': { strike: killProcess },
  'kill-node-worker': offered('kill-node-worker'),
  'kill-node': offered('kill-node'),
  'kill-control-worker': offered('kill-control-worker'),
  'kill-server': offered('kill-server'),
  'kill-control-plane': { strike: killControlPlaneForAWhile },
  'server-down': offered('server-down'),
  'control-link-cut': offered('control-link-cut'),
  'corrupt-checkpoint': offered('corrupt-checkpoint'),
  'disk-full': { strike: fillDisk, missing: canMountDisks, prepare: smallNodeDisk },
  'store-down': { strike: failStore, missing: canMountLoops, prepare: failingStoreDisk },
  'reset-run': offered('reset-run'),
  'reset-run-to-start': offered('reset-run-to-start'),
  'terminate-run': offered('terminate-run'),
  'terminate-lease': offered('terminate-lease'),
  'cancel-run': { strike: cancelRun },
  'spend-cap': { strike: setCap },
};

/** Of whatever job: a rank in training, or the one process that counts tokens, answers or exports. */
function killProcess(scene: Scene, random: Random): Promise<Strike> {
  const found = scene.box.processes().filter(isRank(null, null));
  if (found.length === 0) throw new Failure('InvalidRequest', 'no job runs on a node at this moment');
  const { pid, environment } = random.pick(found);
  const strike = struckNow(`SIGKILL to rank ${environment['RANK'] ?? '?'} of job ${environment['FORMWORK_JOB_ID'] ?? '?'}`);
  process.kill(pid, 'SIGKILL');
  return Promise.resolve(strike);
}

async function killControlPlaneForAWhile(scene: Scene): Promise<Strike> {
  const { at } = struckNow('');
  await killControlPlane(scene);
  await delay(UNTIL_UP_MS);
  const up = scene.formwork(['up']);
  if ((await up.ended) !== 0) throw new Error(`formwork up after the control plane was killed:\n${up.stderr}`);
  return { what: 'SIGKILL to control host, control worker and server, then formwork up', at, overAt: Date.now() };
}

/**
 * As little above what is spent as the server takes, so that it is reached when the run looks for the first time: the next look is after
 * five seconds, and a stage may be over by then. Not by the command line for the same reason.
 */
async function setCap(scene: Scene): Promise<Strike> {
  const ledger = new StoredLedger(new FileStore(scene.home.store()), localCompute(scene.home, process.env));
  for (let margin = LEAST_MARGIN_SECONDS; ; margin *= MARGIN_GROWTH) {
    const { usd } = await ledger.read(scene.runKey);
    const maxSpendUsd = usd + margin * USD_PER_SECOND;
    try {
      await scene.run.executeUpdate(RAISE_UPDATE, { args: [{ maxSpendUsd }] });
      return struckNow(`maxSpendUsd ${maxSpendUsd.toFixed(2)} with ${usd.toFixed(2)} USD spent`);
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    }
  }
}
