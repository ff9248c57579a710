import { join } from 'node:path';
import type { FineTuningRequestInput } from '../../src/contract/request.js';
import { waitUntil } from '../../src/platform/process/wait-until.js';
import { shortRequest } from '../e2e/short-request.js';
import { storedEvents, storedSteps } from '../e2e/training-watch.js';
import { settledLedger } from '../e2e/provider-bill.js';
import type { StepTold } from '../durability/lines.js';
import { carryOut } from './carry-out.js';
import { billFaults, type BilledFault } from './fault-costs.js';
import { judgeFault } from './judge-fault.js';
import { stampOf, type GoodputResult, type StruckFault } from './result.js';
import { settleFailures } from './settle-failures.js';
import { Siege } from './siege.js';
import type { SiegeFault } from './siege-fault.js';

/** Nearly all practice rows, so that epochs end seldom; few to validate on, since what is looked at is training. */
const ROWS = { train: 5800, validation: 24, test: 24 };
/** Two idle cores take about 16 s for an epoch of them; ten faults take some minutes of thirty. */
const EPOCHS_PER_MINUTE = 3.3;
/** A step of two fifths of a second. */
const BATCH_TOKENS = 8192;
/** Every 20 s: what a rank's death costs then, against tenths of a second for each save. */
const CHECKPOINT_EVERY_STEPS = 50;
/** Many steps long; the default waits two minutes for a hang. */
const STEP_SECONDS = 20;
/** Ends of a short trial, of which the faults alone take minutes. */
const PATIENCE_MS = 30 * 60_000;
const LOOK_MS = 1_000;

const request = (folder: string, minutes: number): FineTuningRequestInput => ({
  ...shortRequest(folder, ROWS),
  training: {
    ...{ epochs: Math.max(1, Math.round(minutes * EPOCHS_PER_MINUTE)), contextTokens: 256, batchTokens: BATCH_TOKENS },
    checkpointEverySteps: CHECKPOINT_EVERY_STEPS,
  },
  limits: { stepSeconds: STEP_SECONDS },
});

interface GoodputPlan {
  minutes: number;
  /** Of the faults that last. */
  outageSeconds: number;
  faults: readonly SiegeFault[];
  seed: number;
}

/** One long training with ten faults that it survives, and what each has cost. */
export async function measureGoodput(
  { minutes, outageSeconds, faults, seed }: GoodputPlan,
  tell: (line: string) => void,
): Promise<GoodputResult> {
  const siege = new Siege('goodput');
  const { scene, runKey } = siege;
  let isSound = false;
  try {
    await siege.start(request(join(scene.box.root, 'data'), minutes));
    const steps = await plannedSteps(siege);
    tell(`${steps} steps`);
    const struck = await carryOut(siege, faults, { steps, stageSeconds: {} }, seed, tell);
    await siege.completed(minutes * 60_000 + PATIENCE_MS);
    const settled = await settleFailures(siege, struck);
    const told = storedSteps(scene.box.home, runKey);
    const times = told.map(({ at }) => at);
    const all = { from: Math.min(...times), to: Math.max(...times) };
    const records = await siege.ledgerRecords();
    const bill = billFaults(
      records,
      all,
      faults.map((fault, index) => billed(fault, settled[index] as StruckFault, told)),
    );
    await settledLedger(scene.box, runKey);
    const problems = faults.flatMap((fault, index) => judgeFault(fault, settled[index] as StruckFault));
    isSound = problems.length === 0;
    return {
      ...stampOf(seed),
      ...{ steps, seconds: (all.to - all.from) / 1000, outageSeconds },
      ...{ checkpointEverySteps: CHECKPOINT_EVERY_STEPS, stepSeconds: STEP_SECONDS },
      ...bill,
      faults: settled,
      problems,
    };
  } finally {
    await siege.close(isSound);
  }
}

/** As the ranks tell when they begin. */
async function plannedSteps({ scene, runKey }: Siege): Promise<number> {
  const planned = await waitUntil(
    async () => storedEvents(scene.box.home, runKey).find(({ event }) => event.kind === 'planned')?.event,
    { timeoutMs: PATIENCE_MS, everyMs: LOOK_MS },
  );
  if (planned?.kind !== 'planned') throw new Error(`no rank of run ${runKey} has told what it was going to train`);
  return planned.total_steps;
}

/** Ranks note by themselves when they make a step, so the moment at which a gang goes on is theirs. */
function billed({ expected }: SiegeFault, { struckAt, overAt, goesOnAfter }: StruckFault, told: readonly StepTold[]): BilledFault {
  const at = Date.parse(struckAt);
  if (expected.run === 'goes on') return { struckAt: at, goesOnAt: Date.parse(overAt) + 1000 * goesOnAfter };
  const before = Math.max(...told.filter((one) => one.at < at).map(({ trajectory }) => trajectory));
  const next = told.filter(({ trajectory }) => trajectory > before);
  return { struckAt: at, goesOnAt: Math.min(...next.map((one) => one.at)) };
}
