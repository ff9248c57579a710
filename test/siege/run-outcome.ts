import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunOwner } from '../../src/contract/run.js';
import { runKeys } from '../../src/domain/store-keys.js';
import { knownRun } from '../../src/platform/control/open-runs.js';
import type { Home } from '../../src/platform/home/home.js';
import { FileStore } from '../../src/platform/object-store/file-store.js';
import { digestOfLines, evidenceOf, type Evidence } from '../durability/evidence.js';
import { stepsRedone, stepsToldTwice } from '../durability/lines.js';
import { storedSteps, TrainingWatch } from '../e2e/training-watch.js';
import type { RunDigest } from './result.js';

/** What a run has come to, and what it took. */
export interface RunOutcome extends Evidence {
  executions: number;
  gangs: number;
  stepsRedone: number;
  stepsToldTwice: number;
  seconds: number;
}

/** From the store alone, so also of a run that was made before. @throws when it is not done. */
export async function runOutcome(home: Home, runKey: string): Promise<RunOutcome> {
  const { owner, ended } = await knownRun(new FileStore(home.store()), runKey);
  if (owner === null || ended?.outcome !== 'completed')
    throw new Error(`run ${runKey} of ${home.root} is not completed: ${ended?.message ?? 'it has no end'}`);
  const first = RunOwner.parse(JSON.parse(readFileSync(join(home.store(), runKeys.owner(runKey, 1)), 'utf8')));
  const forks = new TrainingWatch(home.root, runKey).trajectories();
  const steps = storedSteps(home.root, runKey);
  return {
    ...evidenceOf(home, runKey),
    executions: owner.fence,
    gangs: forks.length,
    stepsRedone: stepsRedone(forks, steps),
    stepsToldTwice: stepsToldTwice(steps),
    seconds: Math.round((Date.parse(ended.endedAt) - Date.parse(first.claimedAt)) / 1000),
  };
}

export function digestOf({ losses, answers, stepsToldTwice: _, ...same }: RunOutcome): RunDigest {
  return { ...same, steps: stepsOf(losses), lossesSha256: digestOfLines(losses), answersSha256: digestOfLines(answers) };
}

export const stepsOf = (losses: readonly string[]): number => Number.parseInt(losses.at(-1) ?? '0', 10);
