import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failures.js';
import type { FaultGround } from './fault-ground.js';
import { gangsOf, nodesOf, stepOf, type StruckGang } from './struck-nodes.js';

/** Ends of a few files are read, and a step takes a tenth of a second and more. */
const STEP_MS = 250;
/** Which nodes there are and what trains on them is a scan of all processes; whether the run is open, a question to its server. */
const NODES_MS = 2_000;

/**
 * Resolves at the first look that finds a gang of the run at this step or a later one, with that step.
 * @throws Failure InvalidRequest when the run is over before.
 */
export async function awaitStep(
  { home, runKey, signal }: Pick<FaultGround, 'home' | 'runKey' | 'signal'>,
  step: number,
  isOver: () => Promise<boolean>,
): Promise<number> {
  let gangs: StruckGang[] = [];
  let newest = 0;
  let lookedAt = 0;
  for (;;) {
    if (Date.now() - lookedAt >= NODES_MS) {
      gangs = await gangsOf(await nodesOf(home, runKey));
      if (gangs.length === 0 && (await isOver()))
        throw new Failure('InvalidRequest', `run ${runKey} is over, and came to step ${newest} of ${step}; nothing was done`);
      lookedAt = Date.now();
    }
    const reached = await stepOf(gangs);
    newest = Math.max(newest, reached);
    if (gangs.length > 0 && reached >= step) return reached;
    await delay(STEP_MS, undefined, { signal });
  }
}
