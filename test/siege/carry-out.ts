import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../src/domain/failures.js';
import { createRandom, type Random } from '../../src/domain/random.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { RunRecovery } from '../../src/contract/run.js';
import type { Strike } from '../../src/platform/faults/fault-ground.js';
import { awaitGoingOn } from './await-going-on.js';
import { awaitMoment, type Pace } from './await-moment.js';
import { judgeFault } from './judge-fault.js';
import type { StruckFault } from './result.js';
import type { Siege } from './siege.js';
import type { SiegeFault } from './siege-fault.js';

/** Whom a strike meant may end in the same moment, or be about to start: it says so and has done nothing. */
const TRIES = 30;
const AGAIN_MS = 500;

/** One fault after the other, each when the one before is over and the run goes on. */
export async function carryOut(
  siege: Siege,
  faults: readonly SiegeFault[],
  pace: Pace,
  seed: number,
  tell: (line: string) => void,
): Promise<StruckFault[]> {
  const struck: StruckFault[] = [];
  for (const fault of faults) {
    const one = await carryOutOne(siege, fault, pace, createRandom(seed, fault.name));
    struck.push(one);
    tell(lineOf(one));
    for (const problem of judgeFault(fault, one)) tell(`  ${problem}`);
  }
  return struck;
}

async function carryOutOne(siege: Siege, fault: SiegeFault, pace: Pace, random: Random): Promise<StruckFault> {
  const step = await awaitMoment(siege, fault, pace, random);
  const stage = await siege.stage();
  const fence = (await siege.known()).owner?.fence ?? 0;
  const trajectory = Math.max(-1, ...siege.scene.watch.trajectories().map((one) => one.trajectory));
  const strike = await strikeOnce(siege, fault, random);
  const goneOn = await awaitGoingOn(siege, fault.expected, strike, { fence, trajectory });
  const now = (await siege.known()).owner?.fence ?? 0;
  const since = (at: number): number => Math.max(0, Math.round((at - strike.overAt) / 100) / 10);
  return {
    ...{ name: fault.name, stage, step, execution: fence, what: strike.what },
    seconds: siege.secondsSinceStart(strike.at),
    struckAt: new Date(strike.at).toISOString(),
    overAt: new Date(strike.overAt).toISOString(),
    failures: (await siege.failures()).flatMap(({ at, kind }) => (at >= strike.at ? [kind] : [])),
    hitsWorkers: strike.queues !== undefined,
    contactAfter: goneOn.contactAt === null ? null : since(goneOn.contactAt),
    goesOnAfter: since(goneOn.at),
    startedAgainAfter: now === fence ? null : await reasonOf(siege),
  };
}

async function strikeOnce(siege: Siege, fault: SiegeFault, random: Random): Promise<Strike> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fault.strike(siege, random);
    } catch (error) {
      const didNothing = error instanceof Failure && error.kind === 'InvalidRequest';
      if (!didNothing || tries === TRIES) throw error;
      await delay(AGAIN_MS);
    }
  }
}

/** How the execution before this one ended, by the record of the recovery that started it; `no recovery`: somebody else did. */
async function reasonOf(siege: Siege): Promise<string> {
  const recovery = (await siege.known()).owner?.recovery ?? null;
  if (recovery === null) return 'no recovery';
  return RunRecovery.parse(JSON.parse(String(await siege.store.get(runKeys.recovery(siege.runKey, recovery))))).reason;
}

/** For a terminal. */
function lineOf({ name, stage, step, execution, what, seconds, failures, goesOnAfter, startedAgainAfter }: StruckFault): string {
  const place = step === null ? stage : `${stage}, step ${step}`;
  const came = startedAgainAfter === null ? failures.join(', ') || 'nothing failed' : `started again after ${startedAgainAfter}`;
  return `${seconds.toFixed(1)} s, execution ${execution}, ${place}: ${name}: ${what}; ${came}; goes on after ${goesOnAfter.toFixed(1)} s`;
}
